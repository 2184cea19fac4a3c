//! The primary's Prometheus series, at zero from the first scrape.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::peer::Peer;

const DELAY_SECONDS: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0];

#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
    pub(super) writes: Counter,
    pub(super) version: Gauge,
    pub(super) replicas: Vec<ReplicaMetrics>,
}

#[derive(Debug)]
pub(super) struct ReplicaMetrics {
    pub(super) delay_seconds: Histogram,
    pub(super) successes: Counter,
    pub(super) failures: Counter,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Name {
    replica: String,
}

impl Metrics {
    pub(super) fn new(replicas: &[Peer]) -> Self {
        let mut registry = Registry::default();
        let writes = Family::<Status, Counter>::default();
        let version = Gauge::default();
        let delay: Family<Name, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(DELAY_SECONDS));
        let successes = Family::<Name, Counter>::default();
        let failures = Family::<Name, Counter>::default();
        registry.register("primary_writes", "Writes accepted", writes.clone());
        registry.register("primary_current_version", "Version", version.clone());
        let help = "Delay configured for a delivery";
        registry.register("replication_delay_seconds", help, delay.clone());
        let help = "Deliveries that a replica has taken or had already";
        registry.register("replication_success", help, successes.clone());
        registry.register(
            "replication_failure",
            "Attempts that failed",
            failures.clone(),
        );
        let of_replica = |peer: &Peer| {
            let name = Name {
                replica: peer.name.clone(),
            };
            ReplicaMetrics {
                delay_seconds: delay.get_or_create_owned(&name),
                successes: successes.get_or_create_owned(&name),
                failures: failures.get_or_create_owned(&name),
            }
        };
        Self {
            writes: writes.get_or_create_owned(&Status { status: "success" }),
            version,
            replicas: replicas.iter().map(of_replica).collect(),
            registry,
        }
    }
}
