//! The client's Prometheus series, at zero from the first scrape.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::peer::Peer;

const WINDOW_MS: [f64; 9] = [
    100.0, 250.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0, 5000.0, 10000.0,
];
const POLL_SECONDS: [f64; 6] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5];

#[derive(Debug)]
pub(super) struct Metrics {
    pub(super) registry: Registry,
    pub(super) replicas: Vec<ReplicaMetrics>,
    pub(super) all_consistent: Gauge,
    pub(super) window_ms: Histogram,
    pub(super) poll_seconds: Histogram,
}

#[derive(Debug)]
pub(super) struct ReplicaMetrics {
    pub(super) stale: Counter,
    pub(super) fresh: Counter,
    pub(super) lag_ms: Gauge<f64, AtomicU64>,
    pub(super) divergence: Gauge,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Name {
    replica: String,
}

impl Metrics {
    pub(super) fn new(replicas: &[Peer]) -> Self {
        let mut registry = Registry::default();
        let stale = Family::<Source, Counter>::default();
        let fresh = Family::<Source, Counter>::default();
        let lag = Family::<Name, Gauge<f64, AtomicU64>>::default();
        let divergence = Family::<Name, Gauge>::default();
        let all_consistent = Gauge::default();
        let window_ms = Histogram::new(WINDOW_MS);
        let poll_seconds = Histogram::new(POLL_SECONDS);
        registry.register(
            "client_stale_reads",
            "Polls that found it behind",
            stale.clone(),
        );
        registry.register(
            "client_fresh_reads",
            "Polls that found it current",
            fresh.clone(),
        );
        let help = "Age of the oldest write it lacks";
        registry.register("client_consistency_lag_ms", help, lag.clone());
        let help = "Versions it lacks";
        registry.register("client_version_divergence", help, divergence.clone());
        let help = "Whether all nodes held the same at the last poll";
        registry.register(
            "client_all_replicas_consistent",
            help,
            all_consistent.clone(),
        );
        let help = "From a write until all replicas were seen to have it";
        registry.register("client_consistency_window_ms", help, window_ms.clone());
        let help = "Time of one look at all nodes";
        registry.register("client_poll_duration_seconds", help, poll_seconds.clone());
        let of_replica = |peer: &Peer| {
            let source = Source {
                source: peer.name.clone(),
            };
            let name = Name {
                replica: peer.name.clone(),
            };
            ReplicaMetrics {
                stale: stale.get_or_create_owned(&source),
                fresh: fresh.get_or_create_owned(&source),
                lag_ms: lag.get_or_create_owned(&name),
                divergence: divergence.get_or_create_owned(&name),
            }
        };
        Self {
            replicas: replicas.iter().map(of_replica).collect(),
            all_consistent,
            window_ms,
            poll_seconds,
            registry,
        }
    }
}
