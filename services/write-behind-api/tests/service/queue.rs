//! What the queue shows, and how updates join.

use axum::http::Method;
use redis::Commands as _;
use serde_json::{Value, json};

use crate::lab::{Lab, NEW, send};

fn named(i: usize) -> String {
    format!(r#"{{"name":"Coalesced-Update-{i}","price":{i}.99,"quantity":{i}}}"#)
}

#[tokio::test]
async fn twenty_updates_at_once_are_one_entry_that_equals_the_cache() {
    let lab = Lab::start();
    for round in 0..20 {
        let mut updates = tokio::task::JoinSet::new();
        for i in 1..=20 {
            let service = lab.service();
            updates.spawn(async move {
                send(service, Method::PUT, "/products/a", Some(&named(i))).await
            });
        }
        for answer in updates.join_all().await {
            answer.json();
        }
        let queue = lab.get("/admin/queue").await.json();
        assert_eq!(queue["queue_size"], 1);
        assert_eq!(queue["items"][0]["coalesced_count"], 20 * (round + 1));
        let mut read = lab.get("/products/a").await.json();
        let source = read.as_object_mut().unwrap().remove("source");
        assert_eq!(source, Some("cache".into()));
        assert_eq!(queue["items"][0]["data"], read, "round {round}");
    }
    let coalesced = lab.metric(r#"writes_coalesced_total{service="api"}"#).await;
    assert!((coalesced - 399.0).abs() < 0.1, "{coalesced}");
}

#[tokio::test]
async fn without_coalescing_every_update_waits() {
    for off in [
        ("WRITE_COALESCING_ENABLED", "False"),
        ("COALESCING_WINDOW_MS", "0"),
    ] {
        let lab = Lab::start_with(&[off]);
        for i in 1..=3 {
            lab.put("/products/a", &named(i)).await.json();
        }
        assert_eq!(lab.queue().len(), 3, "{off:?}");
        let config = lab.get("/admin/config").await.json();
        assert_eq!(config["queue_size"], 3);
        let is_on = off.0 == "COALESCING_WINDOW_MS";
        assert_eq!(config["write_coalescing_enabled"], is_on);
    }
}

#[tokio::test]
async fn the_queue_shows_twenty_entries_as_they_are_and_counts_all() {
    let lab = Lab::start();
    let empty = lab.get("/admin/queue").await;
    empty.is(200, r#"{"queue_size":0,"items":[]}"#);
    let config = lab.get("/admin/config").await;
    config.is(200, r#"{"write_behind_enabled":true,"write_coalescing_enabled":true,"coalescing_window_ms":600000,"queue_size":0}"#);
    let _: u64 = lab.raw().rpush("write_behind:queue", "no entry").unwrap();
    for _ in 0..22 {
        lab.post("/products", NEW).await.json();
    }
    let answer = lab.get("/admin/queue").await;
    let queue = answer.json();
    assert_eq!(queue["queue_size"], 23);
    let items = queue["items"].as_array().unwrap();
    assert_eq!(items.len(), 20);
    assert_eq!(items[0], json!({"raw": "no entry"}));
    let texts = lab.queue();
    for (item, text) in items.iter().zip(&texts).skip(1) {
        assert!(answer.text.contains(text.as_str()), "letter by letter");
        assert_eq!(*item, serde_json::from_str::<Value>(text).unwrap());
    }
    let flush = send(lab.service(), Method::POST, "/admin/flush-queue", None)
        .await
        .json();
    assert_eq!(flush["current_queue_size"], 23);
    assert_eq!(
        flush.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["message", "current_queue_size"]
    );
    assert_eq!(lab.queue().len(), 23, "it is the worker's to flush");
}

#[tokio::test]
async fn a_full_queue_is_503_and_takes_what_joins() {
    let lab = Lab::start_with(&[("QUEUE_LIMIT", "1")]);
    lab.put("/products/a", NEW).await.json();
    let full = r#"{"detail":"Write queue is full"}"#;
    lab.post("/products", NEW).await.is(503, full);
    lab.put("/products/b", NEW).await.is(503, full);
    lab.delete("/products/b").await.is(503, full);
    lab.put("/products/a", &named(2)).await.json();
    assert_eq!(lab.queue().len(), 1);
}

#[tokio::test]
async fn admin_routes_can_ask_for_a_token_and_the_others_never_do() {
    let lab = Lab::start_with(&[("ADMIN_TOKEN", "s3cret")]);
    for path in ["/admin/config", "/admin/queue"] {
        lab.get(path).await.is_error(401);
    }
    lab.post("/admin/flush-queue", "").await.is_error(401);
    lab.get("/products/a").await.json();
}
