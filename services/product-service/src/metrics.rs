//! The service's Prometheus series: each of them there, at zero, from the first scrape.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use service_kit::{Endpoint, HttpMetrics};

/// The routes that are counted.
pub(crate) const LIST: &str = "/products";
pub(crate) const ITEM: &str = "/products/{id}";

const ENDPOINTS: [Endpoint; 5] = [
    endpoint("GET", LIST, &[200, 422, 500]),
    endpoint("POST", LIST, &[200, 413, 422, 500]),
    endpoint("GET", ITEM, &[200, 404, 500]),
    endpoint("PUT", ITEM, &[200, 404, 413, 422, 500]),
    endpoint("DELETE", ITEM, &[200, 404, 500]),
];
const CACHE_SECONDS: [f64; 8] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];
const DATABASE_SECONDS: [f64; 8] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5];

/// Every series, resolved once.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) http: HttpMetrics,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
    pub(crate) cache_get: Histogram,
    pub(crate) cache_set: Histogram,
    pub(crate) cache_delete: Histogram,
    pub(crate) cache_size: Gauge,
    pub(crate) invalidations: Invalidations,
    pub(crate) select: Statement,
    pub(crate) insert: Statement,
    pub(crate) update: Statement,
    pub(crate) delete: Statement,
    pub(crate) select_all: Statement,
    /// GET-one and write requests, which no series counts in just this way.
    pub(crate) total_reads: AtomicU64,
    pub(crate) total_writes: AtomicU64,
}

/// Keys dropped from the cache, by why.
#[derive(Debug)]
pub(crate) struct Invalidations {
    update: Counter,
    delete: Counter,
    manual: Counter,
    clear_all: Counter,
}

/// Why a key is dropped from the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Update,
    Delete,
    Manual,
    ClearAll,
}

/// One kind of database statement.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    success: Counter,
    error: Counter,
    seconds: Histogram,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationStatusLabels {
    operation: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

type Histograms = Family<OperationLabel, Histogram, fn() -> Histogram>;

impl Metrics {
    pub(crate) fn new(service: &str) -> Self {
        let mut registry = service_kit::registry(service);
        let http = HttpMetrics::register(&mut registry, &ENDPOINTS);
        let hits = Family::default();
        let misses = Family::default();
        let cache: Histograms = Family::new_with_constructor(|| Histogram::new(CACHE_SECONDS));
        let size = Gauge::default();
        let reasons = Family::default();
        let statements = Family::default();
        let database: Histograms =
            Family::new_with_constructor(|| Histogram::new(DATABASE_SECONDS));
        registry.register("cache_hits", "Lookups that found the product", hits.clone());
        registry.register("cache_misses", "Lookups that did not", misses.clone());
        registry.register(
            "cache_latency_seconds",
            "Time of a cache operation",
            cache.clone(),
        );
        registry.register("cache_size_items", "Products in the cache", size.clone());
        registry.register(
            "cache_invalidations",
            "Keys dropped, by reason",
            reasons.clone(),
        );
        registry.register(
            "db_operations",
            "Statements, by outcome",
            statements.clone(),
        );
        registry.register(
            "db_latency_seconds",
            "Time of a statement",
            database.clone(),
        );
        let statement = |name| Statement::new(name, &statements, &database);
        Self {
            http,
            cache_hits: counter(&hits, "get"),
            cache_misses: counter(&misses, "get"),
            cache_get: histogram(&cache, "get"),
            cache_set: histogram(&cache, "set"),
            cache_delete: histogram(&cache, "delete"),
            cache_size: size,
            invalidations: Invalidations::new(&reasons),
            select: statement("select"),
            insert: statement("insert"),
            update: statement("update"),
            delete: statement("delete"),
            select_all: statement("select_all"),
            total_reads: AtomicU64::new(0),
            total_writes: AtomicU64::new(0),
            registry,
        }
    }
}

impl Invalidations {
    fn new(reasons: &Family<ReasonLabel, Counter>) -> Self {
        let counter = |reason: Reason| {
            let reason = reason.as_str();
            reasons.get_or_create_owned(&ReasonLabel { reason })
        };
        Self {
            update: counter(Reason::Update),
            delete: counter(Reason::Delete),
            manual: counter(Reason::Manual),
            clear_all: counter(Reason::ClearAll),
        }
    }

    pub(crate) fn count(&self, reason: Reason, keys: u64) {
        let counter = match reason {
            Reason::Update => &self.update,
            Reason::Delete => &self.delete,
            Reason::Manual => &self.manual,
            Reason::ClearAll => &self.clear_all,
        };
        counter.inc_by(keys);
    }

    pub(crate) fn total(&self) -> u64 {
        [&self.update, &self.delete, &self.manual, &self.clear_all]
            .iter()
            .map(|counter| counter.get())
            .sum()
    }
}

impl Reason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Manual => "manual",
            Self::ClearAll => "clear_all",
        }
    }
}

impl Statement {
    fn new(
        name: &'static str,
        statements: &Family<OperationStatusLabels, Counter>,
        seconds: &Histograms,
    ) -> Self {
        let counter = |status| {
            let operation = name;
            statements.get_or_create_owned(&OperationStatusLabels { operation, status })
        };
        Self {
            name,
            success: counter("success"),
            error: counter("error"),
            seconds: histogram(seconds, name),
        }
    }

    /// Times a statement that worked, whether it found a row or not.
    pub(crate) fn answered(&self, elapsed: Duration, found: bool) {
        self.seconds.observe(elapsed.as_secs_f64());
        if found {
            self.success.inc();
        }
    }

    pub(crate) fn failed(&self, elapsed: Duration) {
        self.seconds.observe(elapsed.as_secs_f64());
        self.error.inc();
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

fn counter(family: &Family<OperationLabel, Counter>, operation: &'static str) -> Counter {
    family.get_or_create_owned(&OperationLabel { operation })
}

fn histogram(family: &Histograms, operation: &'static str) -> Histogram {
    family.get_or_create_owned(&OperationLabel { operation })
}
