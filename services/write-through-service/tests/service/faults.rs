//! A store stopped, paused, restarted, set back: answers stay JSON and within limits, nothing stale or deleted is
//! served, and the service recovers by itself.

use std::time::Duration;

use axum::http::Method;
use test_service::{send, until, within};

use crate::lab::{Cache as _, Lab};

const NEW: &str = r#"{"name":"New","price":7}"#;
/// The service's own limits are below a second, and up to forty; the rest is for a busy machine.
const CACHE_LIMIT: Duration = Duration::from_secs(8);
const DATABASE_LIMIT: Duration = Duration::from_secs(45);

#[tokio::test]
async fn without_redis_everything_works_and_nothing_stale_is_left() {
    let mut lab = Lab::start_impatient().await;
    lab.get("/items/a").await;
    lab.get("/items/b").await;
    lab.redis.stop();
    let health = within(CACHE_LIMIT, lab.get("/health")).await;
    let degraded =
        r#"{"status":"degraded","service":"api","dependencies":{"redis":"down","postgres":"ok"}}"#;
    health.is(200, degraded);
    let read = within(CACHE_LIMIT, lab.get("/items/a")).await;
    assert_eq!(
        (read.cache(), read.field("price")),
        ("BYPASS", "29.99".into())
    );
    let created = within(CACHE_LIMIT, lab.post("/items", NEW)).await;
    assert_eq!(created.status, 200);
    assert_eq!(
        within(CACHE_LIMIT, lab.put("/items/a", NEW)).await.status,
        200
    );
    within(CACHE_LIMIT, lab.delete("/items/b"))
        .await
        .is(200, r#"{"status":"deleted","id":"b"}"#);
    let down = r#"{"detail":"Cache unavailable"}"#;
    within(CACHE_LIMIT, lab.get("/cache/stats"))
        .await
        .is(503, down);
    within(CACHE_LIMIT, lab.post("/cache/clear", ""))
        .await
        .is(503, down);

    lab.redis.start_again();
    no_longer_owed(&lab).await;
}

/// Paused, Redis keeps its copies: the old ones must not be served once it goes on.
#[tokio::test]
async fn what_a_paused_redis_did_not_confirm_is_made_up_for() {
    let mut lab = Lab::start_impatient().await;
    lab.get("/items/a").await;
    lab.get("/items/b").await;
    lab.redis.pause();
    assert_eq!(
        within(CACHE_LIMIT, lab.put("/items/a", NEW)).await.status,
        200
    );
    assert_eq!(
        within(CACHE_LIMIT, lab.delete("/items/b")).await.status,
        200
    );
    lab.redis.resume();
    no_longer_owed(&lab).await;
}

/// A Redis that comes back with an old file serves what was true then, if it is believed. Not one command
/// failed here: the service hears of the restart by its lost connection only.
#[tokio::test]
async fn copies_from_an_old_file_are_not_believed() {
    let mut lab = Lab::start_impatient().await;
    for round in 0..5 {
        let old = lab.get("/items/a").await.text;
        let other = lab.get("/items/b").await.text;
        let body = format!(r#"{{"name":"round {round}","price":{round}}}"#);
        assert_eq!(lab.put("/items/a", &body).await.status, 200);
        lab.redis.stop();
        lab.redis.start_again();
        let mut redis = lab.redis_connection().await;
        for (key, copy) in [("item:a", old), ("item:b", other)] {
            let set = redis::Cmd::set(key, copy);
            let () = set.query_async(&mut redis).await.unwrap();
        }
        let read = lab.get("/items/a").await;
        assert_eq!(
            read.field("name"),
            format!("\"round {round}\""),
            "{}",
            read.cache()
        );
        until(async || {
            let read = lab.get("/items/a").await;
            assert_eq!(
                read.field("name"),
                format!("\"round {round}\""),
                "{}",
                read.cache()
            );
            read.cache() == "HIT"
        })
        .await;
    }
}

/// Its debts died with the process before: what it finds may be stale.
#[tokio::test]
async fn a_service_that_starts_believes_nothing_it_finds() {
    let mut lab = Lab::start_impatient().await;
    lab.get("/items/a").await;
    lab.sql("UPDATE items SET price = 1 WHERE id = 'a'");
    assert_eq!(lab.get("/items/a").await.field("price"), "29.99");
    lab.redis.pause();
    let late = lab.another();
    let read = send(late.clone(), Method::GET, "/items/a", None).await;
    assert_eq!(
        (read.cache(), read.field("price")),
        ("BYPASS", "1.0".into())
    );
    lab.redis.resume();
    until(async || {
        let read = send(late.clone(), Method::GET, "/items/a", None).await;
        assert_eq!(read.field("price"), "1.0");
        read.cache() == "HIT"
    })
    .await;
}

/// Emptied behind the service's back, Redis has forgotten the versions too.
#[tokio::test]
async fn an_emptied_redis_is_found_out_at_the_next_write() {
    let lab = Lab::start().await;
    let mut redis = lab.redis_connection().await;
    let () = redis::cmd("FLUSHALL")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(lab.put("/items/a", NEW).await.status, 200);
    until(async || {
        let read = lab.get("/items/a").await;
        assert_eq!(read.field("name"), "\"New\"");
        read.cache() == "HIT"
    })
    .await;
}

#[tokio::test]
async fn without_postgres_hits_go_on_and_the_rest_is_500() {
    let mut lab = Lab::start_impatient().await;
    lab.get("/items/a").await;
    lab.postgres.stop();
    let down = r#"{"detail":"Database error"}"#;
    assert_eq!(lab.get("/items/a").await.cache(), "HIT");
    within(DATABASE_LIMIT, lab.get("/items/b"))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.get("/items"))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.post("/items", NEW))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.put("/items/a", NEW))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.delete("/items/b"))
        .await
        .is(500, down);
    let health = within(CACHE_LIMIT, lab.get("/health")).await;
    assert!(health.text.contains(r#""redis":"ok","postgres":"down""#));
    lab.postgres.start_again();
    lab.until_healthy().await;
    assert_eq!(lab.put("/items/b", NEW).await.status, 200);
    assert_eq!(lab.get("/items/b").await.cache(), "HIT");
}

/// A paused PostgreSQL runs the write it was sent once it goes on, long after the caller was told that it
/// failed. The copy from before must not stay.
#[tokio::test]
async fn a_write_that_runs_after_its_time_is_not_hidden_by_the_cache() {
    let mut lab = Lab::start_impatient().await;
    lab.get("/items/a").await;
    lab.postgres.pause();
    within(DATABASE_LIMIT, lab.put("/items/a", NEW))
        .await
        .is_error(500);
    lab.postgres.resume();
    let mut read = lab.get("/items/a").await;
    until(async || {
        read = lab.get("/items/a").await;
        read.status == 200 && read.cache() == "HIT"
    })
    .await;
    let row = lab.sql("SELECT name FROM items WHERE id = 'a'");
    assert_eq!(read.field("name"), format!("\"{row}\""));
}

/// From the first moment on the written price and nothing deleted; in the end from the cache.
async fn no_longer_owed(lab: &Lab) {
    until(async || {
        let read = lab.get("/items/a").await;
        assert_eq!(read.field("price"), "7.0", "{}", read.cache());
        assert_eq!(lab.get("/items/b").await.status, 404);
        read.cache() == "HIT"
    })
    .await;
    lab.until_healthy().await;
}
