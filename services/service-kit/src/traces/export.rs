//! From the end of a span to the collector.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider};

use super::losses::{Counted, Counts, Reported};
use super::requests::traced;
use super::span::TRACER;
use crate::{Environment, error_chain};

/// What is left of a process's last second when its requests took all of theirs.
const LAST_EXPORT: Duration = Duration::from_millis(250);

/// The process's traces, sent to a collector where the environment names one.
#[derive(Debug)]
#[must_use = "the last spans are sent by `stop`"]
pub struct Traces(Option<Running>);

#[derive(Debug)]
struct Running {
    provider: SdkTracerProvider,
    counts: Arc<Counts>,
}

impl Traces {
    /// Starts them if `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set, to be called within a Tokio
    /// runtime. Nothing is connected yet. The variables `OTEL_BSP_*`, `OTEL_TRACES_SAMPLER`,
    /// `OTEL_RESOURCE_ATTRIBUTES` and the exporter's are the SDK's to read.
    ///
    /// What cannot be an endpoint is a line in the log: a service must not end for its traces.
    pub fn start(environment: &Environment, service_name: &str) -> Self {
        let endpoint = environment
            .get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            .or_else(|| environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"));
        let is_off = |name, off| {
            environment
                .get(name)
                .is_some_and(|value| value.eq_ignore_ascii_case(off))
        };
        let (Some(endpoint), false, false) = (
            endpoint,
            is_off("OTEL_SDK_DISABLED", "true"),
            is_off("OTEL_TRACES_EXPORTER", "none"),
        ) else {
            return Self(None);
        };
        let exporter = match SpanExporter::builder().with_tonic().build() {
            Ok(exporter) => exporter,
            Err(error) => {
                tracing::warn!(endpoint, error = error_chain(&error), "no traces");
                return Self(None);
            }
        };
        let counts = Arc::<Counts>::default();
        let reported = Reported::new(exporter, Arc::clone(&counts));
        let batches = BatchSpanProcessor::builder(reported).build();
        let name = service_name.to_owned();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Counted::new(batches, Arc::clone(&counts)))
            .with_resource(Resource::builder().with_service_name(name).build())
            .build();
        TRACER.get_or_init(|| provider.tracer(env!("CARGO_PKG_NAME")));
        tracing::info!(endpoint, "traces");
        Self(Some(Running { provider, counts }))
    }

    /// `router`, with a span around every request but the probe's and the scraper's, named after method and route.
    pub fn of(&self, router: Router) -> Router {
        match self.0 {
            Some(_) => traced(router),
            None => router,
        }
    }

    /// Sends the last spans, for a quarter of a second at most; the runtime must still be there.
    pub fn stop(self) {
        let Some(Running { provider, counts }) = self.0 else {
            return;
        };
        let outcome = provider.shutdown_with_timeout(LAST_EXPORT);
        let lost = counts.lost();
        if lost > 0 {
            let error = outcome.err().map(|error| error_chain(&error));
            tracing::warn!(lost, error, "spans lost");
        }
    }
}
