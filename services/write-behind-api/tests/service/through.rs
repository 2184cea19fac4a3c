//! With write-behind off: the database first, the cache after it.

use axum::http::Method;
use redis::Commands as _;

use crate::lab::{Lab, NEW, NOT_FOUND, send};

const OFF: (&str, &str) = ("WRITE_BEHIND_ENABLED", "false");

#[tokio::test]
async fn a_write_is_in_both_stores_when_it_is_acknowledged() {
    let lab = Lab::start_with(&[OFF]);
    assert!(lab.metric(r#"write_mode_enabled{service="api"}"#).await < 0.1);
    let created = lab.post("/products", NEW).await.json();
    assert_eq!(created["source"], "cache");
    let id = created["id"].as_str().unwrap();
    let path = format!("/products/{id}");
    assert_eq!(
        lab.sql(&format!("SELECT name FROM products WHERE id = '{id}'")),
        "New"
    );
    assert_eq!(lab.get(&path).await.json(), created);
    let updated = lab
        .put(&path, r#"{"name":"Other","price":1.234,"quantity":2}"#)
        .await
        .json();
    assert_eq!(
        (&updated["price"], &updated["source"]),
        (&1.23.into(), &"cache".into())
    );
    assert_eq!(lab.get(&path).await.json(), updated);
    lab.delete(&path).await.json();
    for answer in [
        lab.get(&path).await,
        lab.put(&path, NEW).await,
        lab.delete(&path).await,
    ] {
        answer.is(404, NOT_FOUND);
    }
    lab.put("/products/none", NEW).await.is(404, NOT_FOUND);
    lab.delete("/products/none").await.is(404, NOT_FOUND);
    assert_eq!(lab.queue().len(), 0);
}

#[tokio::test]
async fn a_write_that_the_database_did_not_take_is_nowhere() {
    let mut lab = Lab::start_with(&[OFF]);
    lab.get("/products/a").await.json();
    lab.postgres.stop();
    lab.post("/products", NEW).await.is_error(503);
    lab.put("/products/a", NEW).await.is_error(503);
    lab.delete("/products/a").await.is_error(503);
    assert_eq!(lab.get("/products/a").await.json()["name"], "Widget A");
    let keys: Vec<String> = lab.raw().keys("cache:*").unwrap();
    assert_eq!(keys, ["cache:product:a"]);
}

#[tokio::test]
async fn twenty_updates_at_once_end_equal_in_both_stores() {
    let lab = Lab::start_with(&[OFF]);
    for round in 0..5 {
        let mut updates = tokio::task::JoinSet::new();
        for i in 1..=20 {
            let service = lab.service();
            let body = format!(r#"{{"name":"{round}-{i}","price":{i},"quantity":{i}}}"#);
            updates
                .spawn(async move { send(service, Method::PUT, "/products/a", Some(&body)).await });
        }
        for answer in updates.join_all().await {
            answer.json();
        }
        let read = lab.get("/products/a").await.json();
        let row = lab.sql("SELECT name FROM products WHERE id = 'a'");
        assert_eq!(
            (&read["source"], &read["name"]),
            (&"cache".into(), &row.into())
        );
    }
}

/// As after a restart with the other mode: what waits is written later, and must not undo what came after it.
#[tokio::test]
async fn behind_a_write_that_waits_the_next_one_waits_too() {
    let lab = Lab::start_with(&[OFF]);
    let _: u64 = lab.raw().hincr("write_behind:pending", "a", 1).unwrap();
    lab.put("/products/a", NEW).await.json();
    assert_eq!(lab.queue().len(), 1);
    assert_eq!(
        lab.sql("SELECT name FROM products WHERE id = 'a'"),
        "Widget A"
    );
    lab.delete("/products/a").await.json();
    assert_eq!(lab.queue().len(), 2);
}
