//! What becomes of spans: counted on their way in and out, told to the log once in a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

/// Between two lines about a collector that does not take spans.
const QUIET: Duration = Duration::from_mins(1);

/// How many spans there were.
#[derive(Debug, Default)]
pub(super) struct Counts {
    ended: AtomicU64,
    taken: AtomicU64,
    not_taken: AtomicU64,
}

impl Counts {
    /// Those that did not reach the collector: it did not take them, or there was no room to wait for it.
    pub(super) fn lost(&self) -> u64 {
        let ended = self.ended.load(Ordering::Relaxed);
        ended.saturating_sub(self.taken.load(Ordering::Relaxed))
    }
}

/// An exporter whose failures are told at most once a minute.
#[derive(Debug)]
pub(super) struct Reported<E> {
    exporter: E,
    counts: Arc<Counts>,
    last_told: Mutex<Option<Instant>>,
}

impl<E> Reported<E> {
    pub(super) fn new(exporter: E, counts: Arc<Counts>) -> Self {
        Self {
            exporter,
            counts,
            last_told: Mutex::new(None),
        }
    }

    fn tell(&self, error: &str) {
        let mut last_told = self
            .last_told
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last_told.is_none_or(|last| last.elapsed() >= QUIET) {
            *last_told = Some(Instant::now());
            let not_taken = self.counts.not_taken.load(Ordering::Relaxed);
            tracing::warn!(
                error,
                spans = not_taken,
                "the collector does not take spans"
            );
        }
    }
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let outcome = self.exporter.export(batch).await;
        match &outcome {
            Ok(()) => {
                self.counts.taken.fetch_add(spans, Ordering::Relaxed);
            }
            Err(error) => {
                self.counts.not_taken.fetch_add(spans, Ordering::Relaxed);
                self.tell(&error.to_string());
            }
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// A processor whose spans are counted, also those that it drops.
#[derive(Debug)]
pub(super) struct Counted<P> {
    processor: P,
    counts: Arc<Counts>,
}

impl<P> Counted<P> {
    pub(super) fn new(processor: P, counts: Arc<Counts>) -> Self {
        Self { processor, counts }
    }
}

impl<P: SpanProcessor> SpanProcessor for Counted<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        self.processor.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}
