//! A store stopped or paused: answers stay JSON and within limits, nothing is a guess, and the service recovers.

use std::time::Duration;

use crate::lab::{Answer, Lab, NEW, until};

/// The service's own limits are below a second, and up to eight; the rest is for a busy machine.
const CACHE_LIMIT: Duration = Duration::from_secs(8);
const DATABASE_LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn without_redis_reads_come_from_the_database_and_writes_are_503() {
    let mut lab = Lab::start_impatient();
    lab.get("/products/a").await.json();
    lab.redis.stop();
    check_without_redis(&lab).await;
    lab.redis.start_again();
    until(async || lab.put("/products/a", NEW).await.status == 200).await;
    assert_eq!(lab.get("/products/a").await.json()["source"], "cache");
}

#[tokio::test]
async fn a_redis_that_says_nothing_is_waited_for_a_second_and_no_longer() {
    let mut lab = Lab::start_impatient();
    lab.get("/products/a").await.json();
    lab.redis.pause();
    check_without_redis(&lab).await;
    lab.redis.resume();
    until(async || lab.put("/products/a", NEW).await.status == 200).await;
}

async fn check_without_redis(lab: &Lab) {
    let down = r#"{"detail":"Cache unavailable"}"#;
    let read = within(CACHE_LIMIT, lab.get("/products/a")).await.json();
    assert_eq!(
        (&read["source"], &read["name"]),
        (&"database".into(), &"Widget A".into())
    );
    // It may wait in the queue, for all we know.
    within(CACHE_LIMIT, lab.get("/products/none"))
        .await
        .is(503, down);
    within(CACHE_LIMIT, lab.post("/products", NEW))
        .await
        .is(503, down);
    within(CACHE_LIMIT, lab.put("/products/a", NEW))
        .await
        .is(503, down);
    within(CACHE_LIMIT, lab.delete("/products/a"))
        .await
        .is(503, down);
    for path in ["/admin/config", "/admin/queue"] {
        within(CACHE_LIMIT, lab.get(path)).await.is(503, down);
    }
    within(CACHE_LIMIT, lab.post("/admin/flush-queue", ""))
        .await
        .is(503, down);
    assert_eq!(within(CACHE_LIMIT, lab.get("/health")).await.status, 200);
    assert_eq!(within(CACHE_LIMIT, lab.get("/metrics")).await.status, 200);
}

#[tokio::test]
async fn without_postgres_what_is_cached_is_written_and_read_and_the_rest_is_503() {
    let mut lab = Lab::start_impatient();
    lab.get("/products/a").await.json();
    lab.postgres.stop();
    lab.put("/products/a", NEW).await.json();
    assert_eq!(lab.get("/products/a").await.json()["name"], "New");
    let id = lab.post("/products", NEW).await.json()["id"].clone();
    lab.delete(&format!("/products/{}", id.as_str().unwrap()))
        .await
        .json();
    within(DATABASE_LIMIT, lab.get("/products/b"))
        .await
        .is_error(503);
    within(DATABASE_LIMIT, lab.put("/products/b", NEW))
        .await
        .is_error(503);
    within(DATABASE_LIMIT, lab.delete("/products/b"))
        .await
        .is_error(503);
    assert_eq!(lab.queue().len(), 3);
    lab.postgres.start_again();
    until(async || lab.get("/products/b").await.status == 200).await;
}

/// A wipe takes what was acknowledged and not flushed, and nothing remembers it.
#[tokio::test]
async fn what_is_wiped_from_redis_is_lost() {
    let lab = Lab::start();
    let id = lab.post("/products", NEW).await.json()["id"].clone();
    let path = format!("/products/{}", id.as_str().unwrap());
    lab.put("/products/a", NEW).await.json();
    let () = redis::cmd("FLUSHALL").query(&mut lab.raw()).unwrap();
    assert_eq!(lab.get("/admin/queue").await.json()["queue_size"], 0);
    assert_eq!(lab.get(&path).await.status, 404);
    let read = lab.get("/products/a").await.json();
    assert_eq!(
        (&read["source"], &read["name"]),
        (&"database".into(), &"Widget A".into())
    );
}

/// The answer, if it comes in time.
async fn within(limit: Duration, answer: impl Future<Output = Answer>) -> Answer {
    let answer = tokio::time::timeout(limit, answer).await;
    answer.unwrap_or_else(|_| panic!("no answer within {limit:?}"))
}
