//! A replica's Prometheus series, at zero from the first scrape.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

const LAG_SECONDS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0];

#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
    pub(super) version: Gauge,
    pub(super) staleness_ms: Gauge<f64, std::sync::atomic::AtomicU64>,
    pub(super) received: Counter,
    pub(super) lag_seconds: Histogram,
    pub(super) reads: Counter,
    pub(super) stale_reads: Counter,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Id {
    replica_id: String,
}

impl Metrics {
    pub(super) fn new(id: &str) -> Self {
        let mut registry = Registry::default();
        let id = Id {
            replica_id: id.to_owned(),
        };
        let version = Family::<Id, Gauge>::default();
        let staleness = Family::<Id, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
        let received = Family::<Id, Counter>::default();
        let lag: Family<Id, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(LAG_SECONDS));
        let reads = Family::<Id, Counter>::default();
        let stale = Family::<Id, Counter>::default();
        registry.register("replica_current_version", "Version held", version.clone());
        let help = "Age of what is held, since the primary's write";
        registry.register("replica_staleness_ms", help, staleness.clone());
        let help = "Deliveries received";
        registry.register("replica_replication_received", help, received.clone());
        let help = "From the primary's write to its arrival";
        registry.register("replica_replication_lag_seconds", help, lag.clone());
        registry.register("replica_reads", "Reads of the data", reads.clone());
        let help = "Reads of data older than 100 ms";
        registry.register("replica_stale_reads", help, stale.clone());
        Self {
            registry,
            version: version.get_or_create_owned(&id),
            staleness_ms: staleness.get_or_create_owned(&id),
            received: received.get_or_create_owned(&id),
            lag_seconds: lag.get_or_create_owned(&id),
            reads: reads.get_or_create_owned(&id),
            stale_reads: stale.get_or_create_owned(&id),
        }
    }
}
