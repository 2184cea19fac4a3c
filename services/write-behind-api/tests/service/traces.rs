//! The spans of the contract, as the binary sends them, and what it leaves for the worker to link to.

use redis::Commands as _;
use test_service::{Collector, Program, Running, trace_id};
use test_stores::{Postgres, Redis};
use write_behind_queue::ORIGINS;

use crate::lab::{NEW, TABLE};

const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_write-behind-api"));

fn start(mode: &str, redis: &Redis, postgres: &Postgres, collector: &Collector) -> Running {
    let variables = [
        ("REDIS_URL", redis.url()),
        ("DATABASE_URL", postgres.url()),
        ("WRITE_BEHIND_ENABLED", mode.to_owned()),
        ("REDIS_TIMEOUT_MS", "30000".to_owned()),
        ("COALESCING_WINDOW_MS", "600000".to_owned()),
    ];
    let mut service = PROGRAM.start(&[&variables[..], &collector.variables()].concat());
    service.until_healthy();
    service.until_logged(r#"connected store="redis""#);
    service.until_logged(r#"connected store="postgres""#);
    service
}

fn origins(redis: &Redis) -> Vec<String> {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut found: Vec<String> = client.get_connection().unwrap().hvals(ORIGINS).unwrap();
    found.sort();
    found
}

/// The spans below the server's, each as `parent > name …`.
#[track_caller]
fn check(collector: &Collector, trace: u8, expected: &[&str]) {
    let spans = collector.trace(trace, expected.len() + 1);
    assert_eq!(spans[1..], *expected, "{spans:#?}");
}

#[test]
fn a_request_has_its_span_and_those_of_its_stores() {
    let (redis, postgres) = (Redis::start(), Postgres::start(TABLE));
    let collector = Collector::start();
    let service = start("true", &redis, &postgres, &collector);
    let below = |method: &str| format!("{method} /products/{{product_id}}");

    service.ask_traced(1, "GET", "/products/a", "");
    let get = below("GET");
    check(
        &collector,
        1,
        &[
            &format!("{get} > get_product [internal] product.id=a cache.hit=false"),
            "get_product > cache_read [internal]",
            "get_product > database_read [internal]",
            "get_product > cache_populate [internal]",
        ],
    );
    service.ask_traced(2, "GET", "/products/a", "");
    check(
        &collector,
        2,
        &[
            &format!("{get} > get_product [internal] product.id=a cache.hit=true"),
            "get_product > cache_read [internal]",
        ],
    );

    let created = service.ask_traced(3, "POST", "/products", NEW);
    let id = &created.split(r#""id":""#).nth(1).unwrap()[..36];
    check(
        &collector,
        3,
        &[
            &format!(
                "POST /products > create_product [internal] product.id={id} write_behind.enabled=true write_behind.queued=true"
            ),
            "create_product > cache_write [internal]",
            "create_product > queue_write [internal]",
        ],
    );

    for (trace, coalesced) in [(4, false), (5, true)] {
        service.ask_traced(trace, "PUT", "/products/a", NEW);
        check(
            &collector,
            trace,
            &[
                &format!(
                    "{} > update_product [internal] product.id=a write_behind.enabled=true write_coalescing.enabled=true write_behind.coalesced={coalesced}",
                    below("PUT")
                ),
                "update_product > cache_write [internal]",
                "update_product > queue_write [internal]",
            ],
        );
    }
    // The update that was joined is no entry of its own: the last one's origin stays.
    let left: Vec<_> = origins(&redis)
        .iter()
        .map(|origin| origin[3..35].to_owned())
        .collect();
    assert_eq!(left, [trace_id(3), trace_id(5)]);

    service.ask_traced(6, "DELETE", "/products/a", "");
    check(
        &collector,
        6,
        &[
            &format!(
                "{} > delete_product [internal] product.id=a",
                below("DELETE")
            ),
            "delete_product > queue_write [internal]",
        ],
    );
    assert_eq!(origins(&redis).len(), 3);

    service.ask_traced(7, "GET", "/products/none", "");
    let missing = collector.trace(7, 4);
    assert!(
        missing.iter().all(|span| !span.ends_with('!')),
        "{missing:?}"
    );

    service.ask_traced(8, "GET", "/admin/queue", "");
    assert_eq!(collector.trace(8, 1).len(), 1);
    let before = collector.count();
    service.ask_traced(9, "GET", "/health", "");
    service.terminate();
    assert_eq!(collector.count(), before);
}

#[test]
fn a_write_through_shows_the_database_first() {
    let (redis, postgres) = (Redis::start(), Postgres::start(TABLE));
    let collector = Collector::start();
    let service = start("false", &redis, &postgres, &collector);
    service.ask_traced(1, "PUT", "/products/a", NEW);
    check(
        &collector,
        1,
        &[
            "PUT /products/{product_id} > update_product [internal] product.id=a write_behind.enabled=false write_coalescing.enabled=true write_behind.coalesced=false",
            "update_product > database_write_sync [internal]",
            "update_product > cache_write [internal]",
        ],
    );
    service.ask_traced(2, "DELETE", "/products/a", "");
    let deleted = collector.trace(2, 3);
    assert_eq!(
        deleted[2],
        "delete_product > database_write_sync [internal]"
    );
    assert_eq!(origins(&redis), [""; 0]);
}

#[test]
fn a_cache_that_is_away_is_seen_in_the_spans() {
    let (mut redis, postgres) = (Redis::start(), Postgres::start(TABLE));
    let collector = Collector::start();
    let variables = [
        ("REDIS_URL", redis.url()),
        ("DATABASE_URL", postgres.url()),
        ("REDIS_TIMEOUT_MS", "50".to_owned()),
    ];
    let mut service = PROGRAM.start(&[&variables[..], &collector.variables()].concat());
    service.until_healthy();
    service.until_logged(r#"connected store="redis""#);
    redis.pause();
    service.ask_traced(1, "POST", "/products", NEW);
    let spans = collector.trace(1, 4);
    for (span, name) in spans.iter().zip([
        "POST /products",
        "create_product",
        "cache_write",
        "queue_write",
    ]) {
        assert!(
            span.contains(&format!("> {name} ")) && span.ends_with('!'),
            "{span}"
        );
    }
    assert!(spans[1].contains("write_behind.queued=false"), "{spans:?}");
}
