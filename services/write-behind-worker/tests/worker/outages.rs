//! A store that goes away and comes back.

use std::time::{Duration, Instant};

use redis::Commands as _;
use serde_json::Value;
use test_service::{Running, until};
use write_behind_queue::{DEAD_LETTERS, PROCESSING};

use crate::lab::{Lab, WINDOW, counts};

const NEW: &str = r#"{"name":"New","price":7,"quantity":1}"#;
const HANGING: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE wait_event_type = 'Lock' AND application_name = 'write-behind-worker'";

async fn until_hanging(lab: &Lab) {
    until(async || lab.sql(HANGING) == "1").await;
}

fn no_attempt_is_burnt(lab: &Lab, worker: &Running) {
    assert!(lab.list(DEAD_LETTERS).is_empty());
    counts(worker, r#"worker_retries_total{service="worker"}"#, 0);
}

#[tokio::test]
async fn a_database_stopped_in_the_middle_of_a_batch_costs_nothing_but_time() {
    let mut lab = Lab::start();
    let names = ["a1", "a2", "a3", "a4"];
    for name in names {
        lab.update("a", name, None).await;
    }
    let row = lab
        .postgres
        .transaction("SELECT 1 FROM products WHERE id = 'a' FOR UPDATE");
    let worker = lab.worker(&[("BATCH_SIZE", "3"), ("MAX_RETRIES", "1")]);
    until_hanging(&lab).await;
    lab.postgres.stop();
    until(async || lab.waiting() == names).await;
    assert!(lab.list(PROCESSING).is_empty());
    counts(&worker, r#"worker_queue_size{service="worker"}"#, 4);
    // What comes in meanwhile waits behind it.
    lab.insert("b", "b1").await;
    drop(row);
    lab.postgres.start_again();
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a4 b=b1 c=c0");
    no_attempt_is_burnt(&lab, &worker);
    let (_, log) = worker.terminate();
    assert!(
        log.contains("ERROR") && log.contains("the database cannot be used"),
        "{log}"
    );
}

#[tokio::test]
async fn a_database_that_says_nothing_is_waited_for() {
    let mut lab = Lab::start();
    let mut worker = lab.worker(&[]);
    worker.until_logged(r#"connected store="redis""#);
    lab.postgres.pause();
    lab.update("a", "a1", None).await;
    lab.update("a", "a2", None).await;
    worker.until_logged("no answer from PostgreSQL within 3 s");
    lab.postgres.resume();
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a2 c=c0");
    no_attempt_is_burnt(&lab, &worker);
}

#[tokio::test]
async fn a_restarted_database_is_noticed_before_anything_is_claimed() {
    let mut lab = Lab::start();
    let mut worker = lab.worker(&[]);
    worker.until_logged(r#"connected store="redis""#);
    lab.postgres.stop();
    worker.until_logged("the connection to PostgreSQL is lost");
    lab.postgres.start_again();
    worker.until_logged(r#"connected store="postgres""#);
    lab.update("a", "a1", None).await;
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a1 c=c0");
}

#[tokio::test]
async fn a_worker_waits_for_its_stores_and_answers_meanwhile() {
    let mut lab = Lab::start();
    lab.postgres.stop();
    lab.redis.stop();
    let mut worker = lab.worker(&[]);
    worker.until_healthy();
    counts(&worker, r#"worker_queue_size{service="worker"}"#, 0);
    worker.until_logged("the database cannot be used");
    lab.postgres.start_again();
    worker.until_logged("the queue cannot be used");
    lab.redis.start_again();
    lab.update("a", "a1", None).await;
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a1 c=c0");
}

#[tokio::test]
async fn a_redis_that_says_nothing_loses_nothing() {
    let mut lab = Lab::start();
    let mut worker = lab.worker(&[("REDIS_TIMEOUT_MS", "50")]);
    worker.until_logged(r#"connected store="redis""#);
    lab.update("a", "a1", None).await;
    lab.redis.pause();
    worker.until_logged("the queue cannot be used");
    lab.redis.resume();
    lab.update("c", "c1", None).await;
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a1 c=c1");
}

#[tokio::test]
async fn a_wiped_redis_loses_what_was_acknowledged_and_not_flushed_and_only_that() {
    let lab = Lab::start();
    let api = lab.api("500");
    let flushed = api.post(NEW).await.json();
    let worker = lab.worker(&[]);
    lab.until_drained().await;
    assert!(worker.terminate().0.success());

    let mut lost = Vec::new();
    for _ in 0..5 {
        let body = NEW.replace("New", "WillBeLost");
        lost.push(api.post(&body).await.json()["id"].clone());
    }
    assert_eq!(api.put("a", NEW).await.json()["name"], "New");
    let () = redis::cmd("FLUSHALL").query(&mut lab.raw()).unwrap();
    let worker = lab.worker(&[]);
    let kept = api.post(&NEW.replace("New", "Kept")).await.json();
    lab.until_drained().await;

    let count = |name: &str| {
        lab.sql(&format!(
            "SELECT count(*) FROM products WHERE name = '{name}'"
        ))
    };
    assert_eq!(
        [count("WillBeLost"), count("New"), count("Kept")],
        ["0", "1", "1"]
    );
    for id in lost {
        assert_eq!(api.get(&path(&id)).await.status, 404);
    }
    assert_eq!(api.get("/products/a").await.json()["name"], "a0");
    for (product, source) in [(flushed, "database"), (kept, "cache")] {
        let read = api.get(&path(&product["id"])).await.json();
        assert_eq!(
            (&read["name"], &read["source"]),
            (&product["name"], &source.into())
        );
    }
    drop(worker);
}

fn path(id: &Value) -> String {
    format!("/products/{}", id.as_str().unwrap())
}

#[tokio::test]
async fn a_worker_whose_redis_is_wiped_goes_on_at_once() {
    let lab = Lab::start();
    let mut worker = lab.worker(&[]);
    for name in ["a1", "a2", "a3"] {
        worker.until_logged(r#"connected store="redis""#);
        let () = redis::cmd("FLUSHALL").query(&mut lab.raw()).unwrap();
        lab.update("a", name, WINDOW).await;
        lab.until_drained().await;
        assert_eq!(lab.rows(), format!("a={name} c=c0"));
    }
    let (_, log) = worker.terminate();
    assert!(!log.contains("ERROR"), "{log}");
}

/// Only one of two workers writes, and the other takes over when it is gone.
#[tokio::test]
async fn a_second_worker_waits_for_the_first_to_end() {
    let lab = Lab::start();
    let mut first = lab.worker(&[]);
    first.until_logged(r#"connected store="redis""#);
    let mut second = lab.worker(&[]);
    second.until_logged("another worker's session has not ended yet");
    lab.update("a", "a1", None).await;
    lab.until_drained().await;
    first.kill();
    lab.update("a", "a2", None).await;
    lab.until_drained().await;
    assert_eq!(lab.history("a"), "a1 a2");
}

#[tokio::test]
async fn told_to_stop_it_hands_back_what_it_has_not_begun() {
    let lab = Lab::start();
    let names = ["a1", "a2", "a3"];
    for name in names {
        lab.update("a", name, None).await;
    }
    let mut worker = lab.worker(&[
        ("SIMULATE_DB_FAILURE", "true"),
        ("FAILURE_RATE", "1"),
        ("RETRY_DELAY_MS", "3600000"),
    ]);
    worker.until_logged("write failed");
    let started = Instant::now();
    let (status, log) = worker.terminate();
    assert!(status.success(), "{log}");
    assert!(started.elapsed() < Duration::from_secs(5), "{log}");
    assert_eq!(lab.waiting(), names);
    assert!(lab.list(PROCESSING).is_empty());
}

#[tokio::test]
async fn told_to_stop_in_a_statement_that_hangs_it_leaves_the_rest_to_the_next() {
    let lab = Lab::start();
    lab.update("a", "a1", None).await;
    lab.update("c", "c1", None).await;
    let row = lab
        .postgres
        .transaction("SELECT 1 FROM products WHERE id = 'a' FOR UPDATE");
    let worker = lab.worker(&[]);
    until_hanging(&lab).await;
    let started = Instant::now();
    let (status, log) = worker.terminate();
    assert!(status.success(), "{log}");
    assert!(started.elapsed() < Duration::from_secs(10), "{log}");
    let claimed: u64 = lab.raw().llen(PROCESSING).unwrap();
    assert_eq!(claimed, 2);
    let mut next = lab.worker(&[]);
    // The statement left behind ends by its own limit.
    next.until_logged("another worker's session has not ended yet");
    drop(row);
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a1 c=c1");
    next.until_logged("leftovers=2");
}
