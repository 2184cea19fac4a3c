//! More callers at once than the database has connections for.

use axum::http::Method;
use test_service::send;
use tokio::task::JoinSet;

use crate::lab::Lab;

const NEW: &str = r#"{"name":"n","price":1}"#;

/// They queue, and all are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_callers_at_once_are_served() {
    let lab = Lab::start().await;
    let mut tasks = JoinSet::new();
    for n in 0..3000 {
        let service = lab.service();
        tasks.spawn(async move {
            match n % 10 {
                0..7 => send(service, Method::GET, "/items", None).await,
                _ => send(service, Method::POST, "/items", Some(NEW)).await,
            }
        });
    }
    for answer in tasks.join_all().await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(lab.sql("SELECT count(*) FROM items"), "903");
}

/// All connections wait for a lock: whoever comes now is told so, in time and in JSON.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_does_not_move_is_503() {
    let lab = Lab::start_with(&[("POSTGRES_WAIT_MS", "100"), ("REDIS_TIMEOUT_MS", "30000")]).await;
    let lock = lab
        .postgres
        .transaction("SELECT 1 FROM items WHERE id = 'a' FOR UPDATE");
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let service = lab.service();
        tasks.spawn(async move { send(service, Method::PUT, "/items/a", Some(NEW)).await });
    }
    let answers = tasks.join_all().await;
    drop(lock);
    let mut busy = 0;
    for answer in answers {
        if answer.status == 503 {
            answer.is(503, r#"{"detail":"Database busy"}"#);
            busy += 1;
        } else {
            answer.is(500, r#"{"detail":"Database error"}"#);
        }
    }
    assert!(busy >= 50, "{busy} of 100");
    lab.until_healthy().await;
    assert_eq!(lab.put("/items/a", NEW).await.status, 200);
}
