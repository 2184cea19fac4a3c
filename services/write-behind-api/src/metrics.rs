//! The service's Prometheus series: each of them there from the first scrape.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use service_kit::{Endpoint, HttpMetrics};

/// The routes that are counted.
pub(crate) const LIST: &str = "/products";
pub(crate) const PRODUCT: &str = "/products/{id}";

const ENDPOINTS: [Endpoint; 4] = [
    endpoint("POST", LIST, &[200, 413, 422, 503]),
    endpoint("GET", PRODUCT, &[200, 404, 503]),
    endpoint("PUT", PRODUCT, &[200, 404, 413, 422, 503]),
    endpoint("DELETE", PRODUCT, &[200, 404, 503]),
];

/// Every series, resolved once.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) http: HttpMetrics,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
    pub(crate) coalesced: Counter,
    pub(crate) queue_size: Gauge<u64, AtomicU64>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

impl Metrics {
    pub(crate) fn new(service: &str, write_behind: bool) -> Self {
        let mut registry = service_kit::registry(service);
        let http = HttpMetrics::register(&mut registry, &ENDPOINTS);
        let hits = Family::default();
        let misses = Family::default();
        let coalesced = Counter::default();
        let queue_size = Gauge::default();
        let mode = Gauge::<u64, AtomicU64>::default();
        mode.set(u64::from(write_behind));
        registry.register("cache_hits", "Reads that found the product", hits.clone());
        registry.register("cache_misses", "Reads that did not", misses.clone());
        registry.register("write_queue_size", "Entries that wait", queue_size.clone());
        registry.register(
            "writes_coalesced",
            "Updates that joined one that waited",
            coalesced.clone(),
        );
        registry.register(
            "write_mode_enabled",
            "1 if writes are queued, 0 if they wait for the database",
            mode,
        );
        Self {
            http,
            cache_hits: read(&hits),
            cache_misses: read(&misses),
            coalesced,
            queue_size,
            registry,
        }
    }
}

const fn endpoint(
    method: &'static str,
    template: &'static str,
    statuses: &'static [u16],
) -> Endpoint {
    Endpoint {
        method,
        template,
        statuses,
    }
}

fn read(family: &Family<OperationLabel, Counter>) -> Counter {
    let operation = "read";
    family.get_or_create_owned(&OperationLabel { operation })
}
