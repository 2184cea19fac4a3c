//! Spans: made below the current one, said things about, ended when dropped.

use std::sync::OnceLock;

use opentelemetry::trace::{
    FutureExt as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;

use super::Attribute;
use crate::TraceId;

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

    /// The answer to a request of `caller`.
    pub(super) fn server(name: String, caller: &Context) -> Self {
        Self::start(
            || SpanBuilder::from_name(name).with_kind(SpanKind::Server),
            caller,
        )
    }

    fn below_current(name: &'static str, kind: SpanKind) -> Self {
        Context::map_current(|current| {
            if current.has_active_span() {
                Self::start(|| SpanBuilder::from_name(name).with_kind(kind), current)
            } else {
                Self(None)
            }
        })
    }

    fn start(builder: impl FnOnce() -> SpanBuilder, parent: &Context) -> Self {
        Self(
            TRACER
                .get()
                .map(|tracer| parent.with_span(tracer.build_with_context(builder(), parent))),
        )
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

    /// Runs `work`, whose spans are below this one.
    pub async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(context) => work.with_context(context.clone()).await,
            None => work.await,
        }
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
