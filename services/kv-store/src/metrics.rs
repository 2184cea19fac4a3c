//! The service's Prometheus series: each of them there, at zero, from the first scrape.

use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

const RECOVERY_SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
const OPERATION_SECONDS: [f64; 8] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1];

/// Every series, resolved once. Without a log, those of the log stay at zero.
#[derive(Debug)]
pub struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) set: Operation,
    pub(crate) get: Operation,
    pub(crate) delete: Operation,
    pub(crate) logged_sets: Counter,
    pub(crate) logged_deletes: Counter,
    pub(crate) log_size_bytes: Gauge,
    pub(crate) log_entries: Gauge,
    pub(crate) checkpoints: Counter,
    pub(crate) recovery_seconds: Histogram,
    pub(crate) items: Gauge,
    pub(crate) data_loss_events: Counter,
}

/// One kind of operation: how often, how long.
#[derive(Debug)]
pub(crate) struct Operation {
    count: Counter,
    seconds: Histogram,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
    wal_enabled: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LoggedLabel {
    operation: &'static str,
}

impl Metrics {
    /// The series of a store with or without a log.
    pub fn new(wal_enabled: bool) -> Self {
        let mut registry = Registry::default();
        let logged = Family::<LoggedLabel, Counter>::default();
        let count = Family::<OperationLabels, Counter>::default();
        let seconds: Family<OperationLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(OPERATION_SECONDS));
        let recovery = Histogram::new(RECOVERY_SECONDS);
        // A counter gets its `_total` from the registry, a gauge only from its name.
        let mut add = Adder(&mut registry);
        let logged = add.metric("wal_writes", "Records appended to the log", logged);
        let size = add.metric("wal_size_bytes", "Size of the log", Gauge::default());
        let entries = add.metric("wal_entries_total", "Records in the log", Gauge::default());
        let help = "Checkpoints written, automatic and manual";
        let checkpoints = add.metric("checkpoint_count", help, Counter::default());
        let help = "Time of a recovery that replayed something";
        let recovery = add.metric("recovery_time_seconds", help, recovery);
        let count = add.metric("kv_operations", "Operations on keys", count);
        let help = "Time of an operation inside the store";
        let seconds = add.metric("kv_operation_duration_seconds", help, seconds);
        let items = add.metric("kv_data_items_total", "Keys in the store", Gauge::default());
        let help = "Starts that found acknowledged records lost";
        let losses = add.metric("data_loss_events", help, Counter::default());
        let logged = |operation| logged.get_or_create_owned(&LoggedLabel { operation });
        let operation = |operation| {
            let wal_enabled = if wal_enabled { "enabled" } else { "disabled" };
            let labels = OperationLabels {
                operation,
                wal_enabled,
            };
            Operation {
                count: count.get_or_create_owned(&labels),
                seconds: seconds.get_or_create_owned(&labels),
            }
        };
        Self {
            set: operation("set"),
            get: operation("get"),
            delete: operation("delete"),
            logged_sets: logged("SET"),
            logged_deletes: logged("DELETE"),
            log_size_bytes: size,
            log_entries: entries,
            checkpoints,
            recovery_seconds: recovery,
            items,
            data_loss_events: losses,
            registry,
        }
    }
}

impl Operation {
    /// Counts one that began at `started` and is done.
    pub(crate) fn done(&self, started: Instant) {
        self.count.inc();
        self.seconds.observe(started.elapsed().as_secs_f64());
    }
}

struct Adder<'r>(&'r mut Registry);

impl Adder<'_> {
    fn metric<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}
