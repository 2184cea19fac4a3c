//! Spans: made below the current one, said things about, ended when dropped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::sync::OnceLock;
use std::time::SystemTime;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    FutureExt as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;

use super::Attribute;
use crate::{TraceId, error_chain};

/// The process's, once traces have been started.
pub(super) static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// A span under way, which ends when this is dropped; nothing at all where there are no traces.
#[derive(Debug)]
#[must_use = "the span ends when this is dropped"]
pub struct Span(Option<Context>);

impl Span {
    /// Work inside the service, below the current span; none if there is no current one.
    pub fn child(name: &'static str) -> Self {
        Self::below_current(name, SpanKind::Internal)
    }

    /// A statement to PostgreSQL, such as `INSERT`, below the current span.
    pub fn statement(name: &'static str, operation: &str) -> Self {
        let span = Self::child(name);
        span.set("db.system", "postgresql");
        span.set("db.operation", operation);
        span
    }

    /// A command to the cache, such as `GET`, below the current span.
    pub fn command(name: &'static str, operation: &str, key: &str) -> Self {
        let span = Self::child(name);
        span.set("db.system", "redis");
        span.set("db.operation", operation);
        span.set("cache.key", key);
        span
    }

    /// The answer to a request of `caller`.
    pub(super) fn server(name: String, caller: &Context) -> Self {
        Self::start(
            || SpanBuilder::from_name(name).with_kind(SpanKind::Server),
            caller,
        )
    }

    /// Work that nobody asked for.
    pub fn root(name: &'static str) -> Self {
        Self::start(|| SpanBuilder::from_name(name), &Context::new())
    }

    /// Work that a service asks another one for: whoever is asked gets the span as [`traceparent`].
    pub fn client(name: &'static str) -> Self {
        Self::below_current(name, SpanKind::Client)
    }

    /// Work inside the service that began at `started`, below the current span; none if there is no current one.
    pub fn child_since(name: &'static str, started: SystemTime) -> Self {
        Parent::current().child_since(name, started)
    }

    /// Work inside the service, below this span.
    pub fn below(&self, name: &'static str) -> Self {
        match &self.0 {
            Some(context) => Self::start_below(|| SpanBuilder::from_name(name), context),
            None => Self(None),
        }
    }

    /// Says that the span of this `traceparent` caused this one. What is none changes nothing.
    pub fn link_to(&self, traceparent: &str) {
        let Some(context) = &self.0 else { return };
        let headers = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
        let cause = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
        let cause = cause.span().span_context().clone();
        if cause.is_valid() {
            context.span().add_link(cause, Vec::new());
        }
    }

    fn below_current(name: &'static str, kind: SpanKind) -> Self {
        Context::map_current(|current| {
            Self::start_below(|| SpanBuilder::from_name(name).with_kind(kind), current)
        })
    }

    /// Below a span that is sampled; below another one there is nothing to see, and who is asked meanwhile hears of that
    /// one.
    fn start_below(builder: impl FnOnce() -> SpanBuilder, parent: &Context) -> Self {
        if parent.span().span_context().is_sampled() {
            Self::start(builder, parent)
        } else {
            Self(None)
        }
    }

    fn start(builder: impl FnOnce() -> SpanBuilder, parent: &Context) -> Self {
        Self(
            TRACER
                .get()
                .map(|tracer| parent.with_span(tracer.build_with_context(builder(), parent))),
        )
    }

    /// For work below it that may outlive it.
    pub fn as_parent(&self) -> Parent {
        Parent(self.0.clone())
    }

    /// Adds an attribute.
    pub fn set(&self, key: &'static str, value: impl Attribute) {
        if let Some(context) = &self.0 {
            set(context, key, value);
        }
    }

    /// Says that the work failed, and why.
    pub fn fail(&self, error: &str) {
        if let Some(context) = &self.0 {
            set(context, "error", true);
            set(context, "error.message", error);
            self.mark_failed();
        }
    }

    /// Says that the work failed, in its status alone.
    pub fn mark_failed(&self) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(""));
        }
    }

    /// Runs `work` in a span below the current one, which says so if it fails.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn of<T, E: Error>(
        name: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let span = Self::child(name);
        let outcome = span.around(work).await;
        if let Err(error) = &outcome {
            span.fail(&error_chain(error));
        }
        outcome
    }

    /// Runs `work`, whose spans are below this one.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(context) => work.with_context(context.clone()).await,
            None => work.await,
        }
    }
}

/// A span that others may be below after it has ended, also on other threads; nothing where there are no traces.
#[derive(Debug, Clone, Default)]
pub struct Parent(Option<Context>);

impl Parent {
    /// The current span.
    pub fn current() -> Self {
        let current = TRACER.get().map(|_| Context::current());
        Self(current.filter(Context::has_active_span))
    }

    /// Work that began at `started`, below it.
    pub fn child_since(&self, name: impl Into<Cow<'static, str>>, started: SystemTime) -> Span {
        match &self.0 {
            Some(context) => Span::start_below(
                || SpanBuilder::from_name(name).with_start_time(started),
                context,
            ),
            None => Span(None),
        }
    }

    /// Whether there is one.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(context) = &self.0 {
            context.span().end();
        }
    }
}

/// `work`, which can be given to another task and stays below the span that is current now.
pub fn with_current_span<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let current = TRACER.get().map(|_| Context::current());
    async move {
        match current {
            Some(current) => work.with_context(current).await,
            None => work.await,
        }
    }
}

/// Adds an attribute to the current span, such as the one that a request is answered in.
pub fn annotate(key: &'static str, value: impl Attribute) {
    Context::map_current(|current| {
        if current.has_active_span() {
            set(current, key, value);
        }
    });
}

/// The current span as the header `traceparent` has it (W3C Trace Context, level 1); `None` where there is none.
pub fn traceparent() -> Option<String> {
    Context::map_current(|current| {
        if !current.has_active_span() {
            return None;
        }
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(current, &mut headers);
        headers.remove("traceparent")
    })
}

/// The current span's trace id, if there is one.
pub(crate) fn current_trace_id() -> Option<TraceId> {
    Context::map_current(|current| {
        current
            .has_active_span()
            .then(|| TraceId::new(current.span().span_context().trace_id().to_bytes()))
            .flatten()
    })
}

fn set(context: &Context, key: &'static str, value: impl Attribute) {
    let span = context.span();
    if span.is_recording() {
        span.set_attribute(KeyValue::new(key, value.into_value()));
    }
}
