//! The worker's Prometheus series: each of them there from the first scrape.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use write_behind_queue::Entry;

const WRITES: [f64; 7] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

const OPERATIONS: [&str; 3] = ["insert", "update", "delete"];
/// The operation of a text that is no entry.
const UNKNOWN: &str = "unknown";

#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) batch_size: Histogram,
    pub(crate) retries: Counter,
    pub(crate) queue_size: Gauge<u64, AtomicU64>,
    processed: Family<Processed, Counter>,
    seconds: Family<Operation, Histogram, fn() -> Histogram>,
    given_up: Family<Operation, Counter>,
    coalesced: Counter,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Processed {
    operation: &'static str,
    status: &'static str,
}

impl Metrics {
    pub(crate) fn new(service: &str, simulates_failures: bool) -> Self {
        let seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        let metrics = Self {
            registry: service_kit::registry(service),
            batch_size: Histogram::new(WRITES),
            retries: Counter::default(),
            queue_size: Gauge::default(),
            processed: Family::default(),
            seconds,
            given_up: Family::default(),
            coalesced: Counter::default(),
        };
        for operation in OPERATIONS {
            metrics.processed(operation, "success");
            metrics
                .seconds
                .get_or_create_owned(&Operation { operation });
        }
        for operation in OPERATIONS.into_iter().chain([UNKNOWN]) {
            metrics.processed(operation, "failed");
            metrics
                .given_up
                .get_or_create_owned(&Operation { operation });
        }
        metrics.register(simulates_failures)
    }

    /// Counts an entry that the database has; the statement that wrote it took so long.
    pub(crate) fn written(&self, entry: &Entry, took: Duration) {
        let operation = entry.operation.name();
        self.processed(operation, "success").inc();
        let seconds = self.seconds.get_or_create(&Operation { operation });
        seconds.observe(took.as_secs_f64());
        if entry.coalesced_count > 1 {
            self.coalesced.inc();
        }
    }

    /// Counts an entry, or a text that is none, that went to the dead letters.
    pub(crate) fn given_up(&self, entry: Option<&Entry>) {
        let operation = entry.map_or(UNKNOWN, |entry| entry.operation.name());
        self.processed(operation, "failed").inc();
        self.given_up.get_or_create(&Operation { operation }).inc();
    }

    fn processed(&self, operation: &'static str, status: &'static str) -> Counter {
        let labels = Processed { operation, status };
        self.processed.get_or_create_owned(&labels)
    }

    fn register(mut self, simulates_failures: bool) -> Self {
        let registry = &mut self.registry;
        let simulation = Gauge::<u64, AtomicU64>::default();
        simulation.set(u64::from(simulates_failures));
        let help = "Entries that are done with";
        registry.register("worker_writes_processed", help, self.processed.clone());
        let help = "Entries claimed at once";
        registry.register("worker_batch_size", help, self.batch_size.clone());
        let help = "Time of the statement that wrote an entry";
        registry.register("worker_write_duration_seconds", help, self.seconds.clone());
        let help = "Attempts after the first";
        registry.register("worker_retries", help, self.retries.clone());
        let help = "Entries that wait";
        registry.register("worker_queue_size", help, self.queue_size.clone());
        let help = "Entries that went to the dead letters";
        registry.register("worker_failed_writes", help, self.given_up.clone());
        let help = "Entries written that stood for several updates";
        registry.register(
            "worker_coalesced_writes_processed",
            help,
            self.coalesced.clone(),
        );
        let help = "1 if attempts fail on purpose";
        registry.register("worker_db_failure_simulation", help, simulation);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_there_at_zero() {
        let metrics = Metrics::new("worker", false);
        let mut text = String::new();
        prometheus_client::encoding::prometheus_text::encode(&mut text, &metrics.registry).unwrap();
        let mut expected = vec![
            "worker_batch_size_count{service=\"worker\"} 0".to_owned(),
            "worker_batch_size_bucket{service=\"worker\",le=\"100\"} 0".to_owned(),
            "worker_retries_total{service=\"worker\"} 0".to_owned(),
            "worker_queue_size{service=\"worker\"} 0".to_owned(),
            "worker_coalesced_writes_processed_total{service=\"worker\"} 0".to_owned(),
            "worker_db_failure_simulation{service=\"worker\"} 0".to_owned(),
        ];
        for operation in OPERATIONS {
            let label = format!("service=\"worker\",operation=\"{operation}\"");
            for status in ["success", "failed"] {
                let series = format!("{{{label},status=\"{status}\"}} 0");
                expected.push(format!("worker_writes_processed_total{series}"));
            }
            expected.push(format!("worker_failed_writes_total{{{label}}} 0"));
            expected.push(format!("worker_write_duration_seconds_count{{{label}}} 0"));
        }
        for line in expected {
            assert!(
                text.lines().any(|other| other == line),
                "no {line} in\n{text}"
            );
        }
    }
}
