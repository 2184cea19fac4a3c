//! The binary as a container runs it.

use test_service::binary;

use crate::lab::{Lab, PROGRAM};

#[tokio::test]
async fn it_becomes_healthy_logs_its_facts_and_stops_at_sigterm() {
    let lab = Lab::start();
    let variables = [
        ("REDIS_URL", lab.redis.url()),
        ("DATABASE_URL", lab.postgres.url()),
    ];
    let mut worker = PROGRAM.start(&variables);
    worker.until_healthy();
    assert!(PROGRAM.healthcheck(worker.address).status.success());
    let ask = |method: &str, path: &str| {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        worker.ask(&request).unwrap()
    };
    let health = ask("GET", "/health");
    assert!(
        health.ends_with(r#"{"status":"ok","service":"worker"}"#),
        "{health}"
    );
    assert!(ask("GET", "/").starts_with("HTTP/1.1 404 "));
    assert!(ask("POST", "/metrics").starts_with("HTTP/1.1 405 "));
    let metrics = ask("GET", "/metrics");
    assert!(
        metrics.contains(r#"worker_queue_size{service="worker"} 0"#),
        "{metrics}"
    );
    worker.until_logged(r#"connected store="redis""#);
    let (status, log) = worker.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
    for fact in [
        r#"starting service="worker""#,
        "labuser:***@",
        "batch_size=10 flush_interval_ms=1000 max_attempts=3 retry_delay_ms=500 simulation=false",
        r#"connected store="postgres""#,
        r#"connected store="redis" leftovers=0"#,
        r#"stopping signal="SIGTERM""#,
    ] {
        assert!(log.contains(fact), "no `{fact}` in\n{log}");
    }
    for wrong in ["labpass", "ERROR", "still under way"] {
        assert!(!log.contains(wrong), "`{wrong}` in\n{log}");
    }
}

#[tokio::test]
async fn it_stops_in_time_with_no_store_in_sight() {
    let mut lab = Lab::start();
    lab.redis.pause();
    lab.postgres.pause();
    let mut worker = lab.worker(&[]);
    worker.until_healthy();
    let (status, log) = worker.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn what_it_cannot_use_ends_it_with_a_message() {
    binary::refuses_what_it_cannot_use(PROGRAM, "write-behind-worker");
    for (variable, message) in [
        (
            ("BATCH_SIZE", "0"),
            "BATCH_SIZE=`0` is not a number of entries from 1 to 65535",
        ),
        (
            ("FAILURE_RATE", "2"),
            "FAILURE_RATE=`2` is not a share from 0 to 1: 2 is not between 0 and 1",
        ),
        (
            ("MAX_RETRIES", "many"),
            "MAX_RETRIES=`many` is not a number of attempts from 1",
        ),
        (("REDIS_URL", "http://x"), "REDIS_URL is not a Redis URL"),
        (
            ("DATABASE_URL", "mysql://x"),
            "DATABASE_URL is not a PostgreSQL URL",
        ),
    ] {
        binary::refuses(PROGRAM, &[], variable, message);
    }
}
