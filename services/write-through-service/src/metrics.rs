//! The service's Prometheus series: each of them there, at zero, from the first scrape.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use service_kit::{Endpoint, HttpMetrics};

/// The routes that are counted.
pub(crate) const LIST: &str = "/items";
pub(crate) const ITEM: &str = "/items/{id}";

const ENDPOINTS: [Endpoint; 5] = [
    endpoint("GET", LIST, &[200, 422, 500, 503]),
    endpoint("POST", LIST, &[200, 413, 422, 500, 503]),
    endpoint("GET", ITEM, &[200, 404, 500, 503]),
    endpoint("PUT", ITEM, &[200, 404, 413, 422, 500, 503]),
    endpoint("DELETE", ITEM, &[200, 404, 500, 503]),
];
const WRITE_SECONDS: [f64; 8] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5];

/// Every series, resolved once.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) http: HttpMetrics,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
    pub(crate) select: Statement,
    pub(crate) insert: Statement,
    pub(crate) update: Statement,
    pub(crate) delete: Statement,
    pub(crate) select_all: Statement,
    /// Of a create or update: the database's part, Redis' where it worked, and both together.
    pub(crate) write_postgres: Histogram,
    pub(crate) write_redis: Histogram,
    pub(crate) write_total: Histogram,
}

/// One kind of database statement.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) name: &'static str,
    pub(crate) success: Counter,
    pub(crate) error: Counter,
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
struct TargetLabel {
    target: &'static str,
}

impl Metrics {
    pub(crate) fn new(service: &str) -> Self {
        let mut registry = service_kit::registry(service);
        let http = HttpMetrics::register(&mut registry, &ENDPOINTS);
        let hits = Family::default();
        let misses = Family::default();
        let statements = Family::default();
        let writes: Family<TargetLabel, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(WRITE_SECONDS));
        registry.register("cache_hits", "Lookups that found the item", hits.clone());
        registry.register("cache_misses", "Lookups that did not", misses.clone());
        registry.register(
            "db_operations",
            "Statements, by outcome",
            statements.clone(),
        );
        registry.register(
            "write_operation_seconds",
            "Time of a create or update, by where it was spent",
            writes.clone(),
        );
        let statement = |name| Statement::new(name, &statements);
        let target = |target| writes.get_or_create_owned(&TargetLabel { target });
        Self {
            http,
            cache_hits: get(&hits),
            cache_misses: get(&misses),
            select: statement("select"),
            insert: statement("insert"),
            update: statement("update"),
            delete: statement("delete"),
            select_all: statement("select_all"),
            write_postgres: target("postgres"),
            write_redis: target("redis"),
            write_total: target("total"),
            registry,
        }
    }
}

impl Statement {
    fn new(name: &'static str, statements: &Family<OperationStatusLabels, Counter>) -> Self {
        let counter = |status| {
            let operation = name;
            statements.get_or_create_owned(&OperationStatusLabels { operation, status })
        };
        Self {
            name,
            success: counter("success"),
            error: counter("error"),
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

fn get(family: &Family<OperationLabel, Counter>) -> Counter {
    family.get_or_create_owned(&OperationLabel { operation: "get" })
}
