//! The binary as a container runs it.

use std::net::TcpStream;

use test_service::{Program, Service as _, binary};
use test_stores::{Postgres, Redis};

use crate::lab::Products;

const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_product-service"));

#[test]
fn it_becomes_healthy_logs_its_facts_and_stops_at_sigterm() {
    let redis = Redis::start();
    let postgres = Postgres::start(Products::SCHEMA);
    let variables = [("REDIS_URL", redis.url()), ("POSTGRES_URL", postgres.url())];
    let mut service = PROGRAM.start(&variables);
    service.until_healthy();
    assert!(PROGRAM.healthcheck(service.address).status.success());
    service.until_logged(r#"connected store="redis""#);
    service.until_logged(r#"connected store="postgres""#);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = format!(
        "GET /products/prod-001 HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n\r\n"
    );
    service.ask(&request).unwrap();
    // An idle connection must not hold up the stop.
    let _idle = TcpStream::connect(service.address).unwrap();
    let (status, log) = service.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
    for fact in [
        "starting",
        "labuser:***@",
        r#"connected store="redis""#,
        r#"connected store="postgres""#,
        r#"cache MISS key="product:prod-001""#,
        r#"database statement="select" product_id="prod-001""#,
        r#"cache POPULATE key="product:prod-001" ttl_seconds=60"#,
        r#"request operation="GET" product_id="prod-001""#,
        &format!("trace_id={trace} cache=\"miss\" status=200"),
        r#"stopping signal="SIGTERM""#,
    ] {
        assert!(log.contains(fact), "no `{fact}` in\n{log}");
    }
    assert!(!log.contains("labpass"), "{log}");
}

#[test]
fn it_stops_in_time_with_a_request_under_way_and_no_store_in_sight() {
    binary::stops_in_time(PROGRAM, "/products/a");
}

#[test]
fn the_log_says_why_redis_refuses_the_service() {
    binary::says_why_redis_refuses(PROGRAM);
}

#[test]
fn log_lines_can_be_json() {
    binary::logs_json(PROGRAM, "/products/a%0Ab");
}

#[test]
fn what_it_cannot_use_ends_it_with_a_message() {
    binary::refuses_what_it_cannot_use(PROGRAM, "product-service");
    let soon = "CACHE_TTL_SECONDS=`soon` is not";
    binary::refuses(PROGRAM, &[], ("CACHE_TTL_SECONDS", "soon"), soon);
}
