//! A store stopped, paused, restarted: answers stay JSON and within limits, nothing stale is left behind,
//! and the service recovers by itself.

use std::time::Duration;

use axum::http::Method;
use test_service::{Answer, is_healthy, send, until, within};

use crate::lab::{CacheStatus as _, Lab};

const NEW: &str = r#"{"name":"New","price":7}"#;
const MOUSE: &str = "/products/prod-001";
const LOCK_MOUSE: &str = "SELECT 1 FROM products WHERE id = 'prod-001' FOR UPDATE";
/// The service's own limits, and much more for a busy machine.
const CACHE_LIMIT: Duration = Duration::from_secs(8);
const DATABASE_LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn without_redis_reads_and_writes_go_on_and_nothing_stale_is_left() {
    let mut lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    lab.redis.stop();

    let read = within(CACHE_LIMIT, lab.get(MOUSE)).await;
    assert_eq!(
        (read.cache_status(), read.field("price")),
        ("error".into(), "29.99".into())
    );
    let health = within(CACHE_LIMIT, lab.get("/health")).await;
    assert_eq!(health.status, 200);
    assert!(
        health.text.contains(r#""status":"degraded""#),
        "{}",
        health.text
    );
    assert!(
        health.text.contains(r#""redis":"down","postgres":"ok""#),
        "{}",
        health.text
    );
    for path in ["/admin/cache-stats", "/admin/cache/key/prod-001"] {
        within(CACHE_LIMIT, lab.get(path))
            .await
            .is(503, r#"{"detail":"Cache unavailable"}"#);
    }
    for path in [
        "/admin/cache/clear",
        "/admin/invalidate/prod-001",
        "/admin/simulate-stale-read/prod-001?new_price=1",
    ] {
        within(CACHE_LIMIT, lab.post(path, ""))
            .await
            .is(503, r#"{"detail":"Cache unavailable"}"#);
    }
    assert_eq!(within(CACHE_LIMIT, lab.get("/metrics")).await.status, 200);
    assert_eq!(
        within(CACHE_LIMIT, lab.post("/products", NEW))
            .await
            .cache_status(),
        "null"
    );
    assert_eq!(
        within(CACHE_LIMIT, lab.put(MOUSE, NEW))
            .await
            .cache_status(),
        "error"
    );
    let deleted = within(CACHE_LIMIT, lab.delete("/products/prod-002")).await;
    deleted.is(200, r#"{"status":"deleted","id":"prod-002"}"#);

    lab.redis.start_again();
    let read = hit(&lab).await;
    assert_eq!(read.field("price"), "7.0");
    assert_eq!(lab.get("/products/prod-002").await.status, 404);
    lab.until_healthy().await;
}

/// Paused, Redis keeps its entries: the old ones must not be served once it goes on.
#[tokio::test]
async fn an_invalidation_that_redis_did_not_answer_is_made_up_for() {
    let mut lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    lab.get("/products/prod-002").await;
    lab.redis.pause();
    let read = within(CACHE_LIMIT, lab.get(MOUSE)).await;
    assert_eq!(read.cache_status(), "error");
    assert_eq!(
        within(CACHE_LIMIT, lab.put(MOUSE, NEW))
            .await
            .cache_status(),
        "error"
    );
    assert_eq!(
        within(CACHE_LIMIT, lab.delete("/products/prod-002"))
            .await
            .status,
        200
    );
    // With the key owed the cache is not even asked.
    let read = within(CACHE_LIMIT, lab.get(MOUSE)).await;
    assert_eq!(
        (read.cache_status(), read.field("price")),
        ("error".into(), "7.0".into())
    );
    lab.redis.resume();
    // From the first moment on.
    let read = lab.get(MOUSE).await;
    assert_eq!(read.field("price"), "7.0");
    assert_eq!(lab.get("/products/prod-002").await.status, 404);
    assert_eq!(hit(&lab).await.field("price"), "7.0");
    let counted = r#"cache_invalidations_total{service="product-service",reason="update"}"#;
    until(async || lab.metric(counted).await > 0.5).await;
}

/// The key survives although its invalidation failed; what brings the old entry back is only that the
/// service asks for it. It is put back by hand, as a Redis with persistence would.
#[tokio::test]
async fn an_entry_that_comes_back_with_redis_is_dropped() {
    let mut lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    let old = lab.get("/admin/cache/key/prod-001").await.field("value");
    lab.redis.stop();
    assert_eq!(lab.put(MOUSE, NEW).await.cache_status(), "error");
    lab.redis.start_again();
    let mut redis = lab.redis_connection().await;
    let () = redis::cmd("SET")
        .arg("product:prod-001")
        .arg(old)
        .query_async(&mut redis)
        .await
        .unwrap();
    let read = hit(&lab).await;
    assert_eq!(read.field("price"), "7.0");
}

#[tokio::test]
async fn the_first_request_after_a_redis_restart_works() {
    let mut lab = Lab::start_impatient().await;
    for _ in 0..3 {
        lab.get(MOUSE).await;
        lab.redis.stop();
        lab.redis.start_again();
        assert_eq!(lab.get(MOUSE).await.cache_status(), "miss");
        assert_eq!(lab.put(MOUSE, NEW).await.cache_status(), "invalidated");
        assert!(lab.get("/health").await.text.contains(r#""redis":"ok""#));
    }
}

#[tokio::test]
async fn without_postgres_hits_go_on_and_the_rest_is_500() {
    let mut lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    lab.postgres.stop();
    let down = r#"{"detail":"Database error"}"#;
    assert_eq!(lab.get(MOUSE).await.cache_status(), "hit");
    within(DATABASE_LIMIT, lab.get("/products/prod-002"))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.get("/products"))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.post("/products", NEW))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.put("/products/prod-002", NEW))
        .await
        .is(500, down);
    within(DATABASE_LIMIT, lab.delete("/products/prod-002"))
        .await
        .is(500, down);
    let simulate = "/admin/simulate-stale-read/prod-001?new_price=1";
    within(DATABASE_LIMIT, lab.post(simulate, ""))
        .await
        .is(500, down);
    let health = within(CACHE_LIMIT, lab.get("/health")).await;
    assert!(
        health.text.contains(r#""redis":"ok","postgres":"down""#),
        "{}",
        health.text
    );
    for operation in ["select", "insert", "update", "delete", "select_all"] {
        let labels = format!(r#"operation="{operation}",status="error""#);
        let series = format!(r#"db_operations_total{{service="product-service",{labels}}}"#);
        assert!(lab.metric(&series).await > 0.5, "{operation}");
    }

    lab.postgres.start_again();
    lab.until_healthy().await;
    assert_eq!(lab.get("/products/prod-002").await.cache_status(), "miss");
    assert_eq!(
        lab.put("/products/prod-002", NEW).await.cache_status(),
        "invalidated"
    );
}

#[tokio::test]
async fn the_first_read_after_a_postgres_restart_works() {
    let mut lab = Lab::start_impatient().await;
    lab.postgres.stop();
    lab.postgres.start_again();
    assert_eq!(lab.get("/products/prod-002").await.cache_status(), "miss");
    assert_eq!(lab.get("/products").await.field("count"), "3");
    assert_eq!(
        lab.put("/products/prod-002", NEW).await.cache_status(),
        "invalidated"
    );
}

/// A paused PostgreSQL runs the write it was sent once it goes on, long after the caller was told that it
/// failed. Whatever was cached until then must not stay.
#[tokio::test]
async fn a_write_that_runs_after_its_time_is_not_hidden_by_the_cache() {
    let mut lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    lab.postgres.pause();
    let down = r#"{"detail":"Database error"}"#;
    within(DATABASE_LIMIT, lab.put(MOUSE, NEW))
        .await
        .is(500, down);
    let health = within(CACHE_LIMIT, lab.get("/health")).await;
    assert!(
        health.text.contains(r#""postgres":"down""#),
        "{}",
        health.text
    );
    within(DATABASE_LIMIT, lab.get(MOUSE)).await.is(500, down);
    lab.postgres.resume();
    let read = hit(&lab).await;
    let row = lab.sql("SELECT price FROM products WHERE id = 'prod-001'");
    let (cached, stored): (f64, f64) = (read.field("price").parse().unwrap(), row.parse().unwrap());
    assert!(
        (cached - stored).abs() < 0.001,
        "cached {cached}, stored {stored}"
    );
}

/// The same with a lock in its way, so that it would run even later: after reads that filled the cache.
#[tokio::test]
async fn a_write_that_was_given_up_does_not_run_behind_a_new_cache_entry() {
    let mut lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    let lock = lab.postgres.transaction(LOCK_MOUSE);
    lab.postgres.pause();
    within(DATABASE_LIMIT, lab.put(MOUSE, NEW))
        .await
        .is_error(500);
    lab.postgres.resume();
    let cached = hit(&lab).await;
    drop(lock);
    // Sessions with a statement other than this one.
    let busy = "SELECT count(*) FROM pg_stat_activity \
        WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    until(async || lab.sql(busy) == "0").await;
    let row = lab.sql("SELECT price FROM products WHERE id = 'prod-001'");
    assert_eq!(
        (cached.field("price"), row),
        ("29.99".into(), "29.99".into())
    );
}

/// Waiting for another's lock ends at a limit as well, and then has no effect.
#[tokio::test]
async fn a_write_that_waits_for_a_lock_is_given_up() {
    let lab = Lab::start_impatient().await;
    lab.get(MOUSE).await;
    let lock = lab.postgres.transaction(LOCK_MOUSE);
    let refused = within(DATABASE_LIMIT, lab.put(MOUSE, NEW)).await;
    refused.is(500, r#"{"detail":"Database error"}"#);
    drop(lock);
    lab.until_healthy().await;
    assert_eq!(hit(&lab).await.field("price"), "29.99");
    assert_eq!(
        lab.sql("SELECT price FROM products WHERE id = 'prod-001'"),
        "29.99"
    );
}

#[tokio::test]
async fn the_service_starts_without_stores_and_finds_them_later() {
    let mut lab = Lab::start_impatient().await;
    lab.redis.stop();
    lab.postgres.stop();
    let late = lab.another();
    let health = send(late.clone(), Method::GET, "/health", None).await;
    assert!(
        health.text.contains(r#""redis":"down","postgres":"down""#),
        "{}",
        health.text
    );
    lab.redis.start_again();
    lab.postgres.start_again();
    until(async || is_healthy(&late).await).await;
}

/// The first read of the mouse that the cache answers again.
async fn hit(lab: &Lab) -> Answer {
    let mut read = lab.get(MOUSE).await;
    until(async || {
        read = lab.get(MOUSE).await;
        read.status == 200 && read.cache_status() == "hit"
    })
    .await;
    read
}
