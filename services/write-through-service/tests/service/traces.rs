//! The spans of the contract, as the binary sends them.

use test_service::{Collector, Program, Running, Service as _};
use test_stores::{Postgres, Redis};

use crate::lab::Items;

const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_write-through-service"));

const ITEM: &str = r#"{"name":"n","price":1}"#;

/// The server's span of a request for item `a`.
fn server(method: &str, status: u16) -> String {
    let route = "/items/{item_id}";
    format!(
        "caller > {method} {route} [server] http.method={method} http.route={route} http.target=/items/a http.status_code={status}"
    )
}

fn below(method: &str, span: &str) -> String {
    format!("{method} /items/{{item_id}} > {span}")
}

fn postgres(operation: &str) -> String {
    let name = operation.to_lowercase();
    format!("postgres_{name} [internal] db.system=postgresql db.operation={operation} item.id=a")
}

fn redis(operation: &str) -> String {
    let name = operation.to_lowercase();
    format!("redis_{name} [internal] db.system=redis db.operation={operation} cache.key=item:a")
}

fn start(store: &Redis, database: &Postgres, collector: &Collector) -> Running {
    let stores = [("REDIS_URL", store.url()), ("POSTGRES_URL", database.url())];
    let mut service = PROGRAM.start(&[&stores[..], &collector.variables()].concat());
    service.until_healthy();
    service.until_logged(r#"connected store="postgres""#);
    service.until_logged("cache PURGE");
    service
}

#[test]
fn every_request_has_the_spans_of_the_contract() {
    let (store, database) = (Redis::start(), Postgres::start(Items::SCHEMA));
    let collector = Collector::start();
    let service = start(&store, &database, &collector);

    service.ask_traced(1, "GET", "/items/a", "");
    assert_eq!(
        collector.trace(1, 3),
        [
            server("GET", 200),
            below("GET", &format!("{} cache.hit=false", redis("GET"))),
            below("GET", &format!("{} db.rows_affected=1", postgres("SELECT"))),
        ]
    );

    service.ask_traced(2, "GET", "/items/a", "");
    let hit = format!("{} cache.hit=true", redis("GET"));
    assert_eq!(
        collector.trace(2, 2),
        [server("GET", 200), below("GET", &hit)]
    );

    service.ask_traced(3, "PUT", "/items/a", ITEM);
    let written = "db.rows_affected=1 db.duration_ms=#";
    let set = format!("{} cache.ttl_seconds=300 cache.duration_ms=#", redis("SET"));
    assert_eq!(
        collector.trace(3, 3),
        [
            server("PUT", 200),
            below("PUT", &format!("{} {written}", postgres("UPDATE"))),
            below("PUT", &set),
        ]
    );

    service.ask_traced(4, "DELETE", "/items/a", "");
    assert_eq!(
        collector.trace(4, 3),
        [
            server("DELETE", 200),
            below(
                "DELETE",
                &format!("{} db.rows_affected=1", postgres("DELETE"))
            ),
            below("DELETE", &redis("DEL")),
        ]
    );

    let created = service.ask_traced(5, "POST", "/items", ITEM);
    let id = &created.split(r#""id":""#).nth(1).unwrap()[..36];
    assert_eq!(
        collector.trace(5, 3)[1..],
        [
            format!(
                "POST /items > postgres_insert [internal] db.system=postgresql db.operation=INSERT item.id={id} db.duration_ms=#"
            ),
            format!(
                "POST /items > redis_set [internal] db.system=redis db.operation=SET cache.key=item:{id} cache.ttl_seconds=300 cache.duration_ms=#"
            ),
        ]
    );

    service.ask_traced(6, "GET", "/items?limit=2", "");
    assert_eq!(
        collector.trace(6, 2)[1..],
        ["GET /items > postgres_select_all [internal] db.limit=2 db.rows_affected=2"]
    );

    // Nothing to write through; and what is missing is no error.
    service.ask_traced(7, "PUT", "/items/a", ITEM);
    assert_eq!(
        collector.trace(7, 2),
        [
            server("PUT", 404),
            below(
                "PUT",
                &format!("{} db.rows_affected=0 db.duration_ms=#", postgres("UPDATE"))
            ),
        ]
    );

    let before = collector.count();
    service.ask_traced(8, "GET", "/health", "");
    service.ask_traced(9, "POST", "/cache/clear", "");
    assert_eq!(collector.trace(9, 1).len(), 1);
    assert_eq!(collector.count(), before + 1);
}

#[test]
fn a_cache_that_is_away_is_seen_in_the_spans() {
    let (mut store, database) = (Redis::start(), Postgres::start(Items::SCHEMA));
    let collector = Collector::start();
    let service = start(&store, &database, &collector);
    store.pause();
    service.ask_traced(10, "PUT", "/items/b", ITEM);
    let degraded = collector.trace(10, 3);
    assert!(degraded[1].ends_with("db.duration_ms=#"), "{degraded:?}");
    let told = "cache.ttl_seconds=300 cache.duration_ms=# error=true error.message=";
    assert!(
        degraded[2].contains(told) && degraded[2].ends_with(" !"),
        "{degraded:?}"
    );
    assert!(
        degraded[0].ends_with("http.status_code=200"),
        "{degraded:?}"
    );
    service.ask_traced(11, "GET", "/items/b", "");
    let bypass = collector.trace(11, 3);
    assert!(bypass[1].contains("> redis_get [internal]"), "{bypass:?}");
    assert!(
        bypass[1].contains(" cache.hit=false error=true"),
        "{bypass:?}"
    );
    assert!(
        bypass[2].contains("> postgres_select [internal]"),
        "{bypass:?}"
    );
}
