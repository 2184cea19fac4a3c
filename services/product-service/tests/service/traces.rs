//! The spans of the contract, as the binary sends them; and a collector that is not well.

use std::net::{Ipv4Addr, TcpListener};

use test_service::{Collector, Program, Relay, Running, Service as _, trace_id};
use test_stores::{Postgres, Redis};

use crate::lab::Products;

const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_product-service"));

fn start(variables: &[(&'static str, String)], redis: &Redis, postgres: &Postgres) -> Running {
    let stores = [("REDIS_URL", redis.url()), ("POSTGRES_URL", postgres.url())];
    let variables = [&stores[..], variables].concat();
    let mut service = PROGRAM.start(&variables);
    service.until_healthy();
    service.until_logged(r#"connected store="redis""#);
    service
}

/// What another's collector makes of them is what was sent.
#[test]
fn spans_go_through_a_collector_that_others_wrote() {
    let (redis, postgres) = (Redis::start(), Postgres::start(Products::SCHEMA));
    let collector = Collector::start();
    let relay = Relay::start(&collector);
    let mut service = start(&relay.variables(), &redis, &postgres);
    service.until_logged(r#"connected store="postgres""#);
    service.ask_traced(1, "GET", "/products/none", "");
    let root = "GET /products/{product_id}";
    assert_eq!(
        collector.trace(1, 3),
        [
            format!(
                "caller > {root} [server] http.method=GET http.route=/products/{{product_id}} http.target=/products/none http.status_code=404"
            ),
            format!(
                "{root} > cache_lookup [internal] db.system=redis db.operation=GET cache.key=product:none cache.hit=false"
            ),
            format!(
                "{root} > db_read [internal] db.system=postgresql db.operation=SELECT product.id=none db.rows_affected=0 db.duration_ms=#"
            ),
        ]
    );
}

#[test]
fn every_request_has_the_spans_of_the_contract() {
    let (redis, postgres) = (Redis::start(), Postgres::start(Products::SCHEMA));
    let collector = Collector::start();
    let mut service = start(&collector.variables(), &redis, &postgres);
    service.until_logged(r#"connected store="postgres""#);
    let item = r#"{"name":"n","price":1}"#;
    let path = "/products/prod-001";
    let server = |method: &str, status: u16| {
        let route = "/products/{product_id}";
        format!(
            "caller > {method} {route} [server] http.method={method} http.route={route} http.target={path} http.status_code={status}"
        )
    };
    let below = |method: &str, span: &str| format!("{method} /products/{{product_id}} > {span}");
    let lookup =
        "cache_lookup [internal] db.system=redis db.operation=GET cache.key=product:prod-001";

    service.ask_traced(1, "GET", path, "");
    let read = "db_read [internal] db.system=postgresql db.operation=SELECT product.id=prod-001 db.rows_affected=1 db.duration_ms=#";
    let populate = "cache_populate [internal] db.system=redis db.operation=SETEX cache.key=product:prod-001 cache.ttl_seconds=60 cache.duration_ms=#";
    assert_eq!(
        collector.trace(1, 4),
        [
            server("GET", 200),
            below("GET", &format!("{lookup} cache.hit=false")),
            below("GET", read),
            below("GET", populate),
        ]
    );

    service.ask_traced(2, "GET", path, "");
    let hit = format!("{lookup} cache.hit=true cache.duration_ms=#");
    assert_eq!(
        collector.trace(2, 2),
        [server("GET", 200), below("GET", &hit)]
    );

    service.ask_traced(3, "PUT", path, item);
    let update = "db_update [internal] db.system=postgresql db.operation=UPDATE product.id=prod-001 db.rows_affected=1 db.duration_ms=#";
    let invalidate =
        "cache_invalidate [internal] db.system=redis db.operation=DEL cache.key=product:prod-001";
    let update_invalidate = format!(
        "{invalidate} invalidation.reason=update cache.key_existed=true cache.duration_ms=#"
    );
    assert_eq!(
        collector.trace(3, 3),
        [
            server("PUT", 200),
            below("PUT", update),
            below("PUT", &update_invalidate),
        ]
    );

    service.ask_traced(4, "DELETE", path, "");
    let delete = "db_delete [internal] db.system=postgresql db.operation=DELETE product.id=prod-001 db.rows_affected=1";
    assert_eq!(
        collector.trace(4, 3),
        [
            server("DELETE", 200),
            below("DELETE", delete),
            below("DELETE", invalidate),
        ]
    );

    service.ask_traced(5, "GET", "/products?limit=2", "");
    assert_eq!(
        collector.trace(5, 2),
        [
            "caller > GET /products [server] http.method=GET http.route=/products http.target=/products?limit=2 http.status_code=200",
            "GET /products > db_select_all [internal] db.system=postgresql db.operation=SELECT db.limit=2 db.rows_affected=2",
        ]
    );

    let created = service.ask_traced(6, "POST", "/products", item);
    let id = created.split(r#""id":""#).nth(1).unwrap();
    let id = &id[..36];
    let insert = format!(
        "POST /products > db_insert [internal] db.system=postgresql db.operation=INSERT product.id={id} cache.write=false db.duration_ms=#"
    );
    assert_eq!(collector.trace(6, 2)[1..], [insert]);

    // Missing is no error, and the probe has no span.
    let before = collector.count();
    service.ask_traced(7, "GET", "/health", "");
    service.ask_traced(8, "GET", path, "");
    let missing = collector.trace(8, 3);
    assert_eq!(missing[0], server("GET", 404));
    assert!(missing[2].contains("db.rows_affected=0"), "{missing:?}");
    let (_, log) = service.terminate();
    assert_eq!(collector.count(), before + missing.len());
    let hit = log.lines().find(|line| line.contains("cache HIT")).unwrap();
    assert!(
        hit.ends_with(&format!(" trace_id={}", trace_id(2))),
        "{hit}"
    );
}

/// It answers, stops in time, counts what it lost and hardly speaks of it.
#[track_caller]
fn bears(endpoint: String, losing: bool) {
    let (redis, postgres) = (Redis::start(), Postgres::start(Products::SCHEMA));
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "1".to_owned()),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8".to_owned()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4".to_owned()),
    ];
    let service = start(&variables, &redis, &postgres);
    for trace in 1..=100 {
        let answer = service.ask_traced(trace, "GET", "/products/prod-001", "");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let (status, log) = service.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
    let told = |words: &str| log.matches(words).count();
    assert!(told("the collector does not take spans") <= 1, "{log}");
    assert_eq!(told("spans lost"), usize::from(losing), "{log}");
    // Of each request its own span and one below it, and of the first two more.
    assert_eq!(told("spans lost lost=202"), usize::from(losing), "{log}");
}

#[test]
fn a_collector_that_is_not_there_changes_nothing() {
    bears("http://127.0.0.1:1".to_owned(), true);
}

#[test]
fn a_collector_that_never_answers_changes_nothing() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    bears(format!("http://{}", silent.local_addr().unwrap()), true);
}

#[test]
fn what_is_no_endpoint_is_a_line_in_the_log() {
    bears("https://127.0.0.1:1".to_owned(), false);
}
