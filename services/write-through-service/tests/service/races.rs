//! Writers at once: what is in Redis at the end is what is in PostgreSQL.

use axum::http::Method;
use test_service::send;
use tokio::task::JoinSet;

use crate::lab::{Cache as _, Lab, copy};

const ROUNDS: usize = 1000;

/// As the cache holds it and as the database does.
async fn check_equal(lab: &Lab, round: usize) {
    let row = lab.sql("SELECT name || ' ' || price FROM items WHERE id = 'a'");
    let copy = copy(lab, "item:a").await.unwrap();
    let copy: serde_json::Value = serde_json::from_str(&copy).unwrap();
    let name = copy["name"].as_str().unwrap();
    let price = copy["price"].as_f64().unwrap();
    assert_eq!(format!("{name} {price:.2}"), row, "round {round}");
    let read = lab.get("/items/a").await;
    assert_eq!(
        (read.cache(), read.field("name")),
        ("HIT", format!("\"{name}\""))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_updates_at_once_leave_the_winner_in_redis_a_thousand_times() {
    let lab = Lab::start().await;
    for round in 0..ROUNDS {
        let mut tasks = JoinSet::new();
        for writer in 0..2 {
            let body = format!(r#"{{"name":"{round}-{writer}","price":{round}.{writer}}}"#);
            let service = lab.service();
            tasks.spawn(async move { send(service, Method::PUT, "/items/a", Some(&body)).await });
        }
        for answer in tasks.join_all().await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        check_equal(&lab, round).await;
    }
}

/// Readers that miss hold rows from before the write: their copies must not get in after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fill_outlives_an_update_or_a_delete() {
    let lab = Lab::start().await;
    lab.sql("INSERT INTO items SELECT 'more-' || n, 'n', NULL, 1 FROM generate_series(1, 200) n");
    for n in 1..=200 {
        let path = format!("/items/more-{n}");
        let mut tasks = JoinSet::new();
        for reader in 0..8 {
            let (service, path) = (lab.service(), path.clone());
            let (method, body) = match (reader, n % 2) {
                (4, 0) => (Method::DELETE, None),
                (4, _) => (Method::PUT, Some(r#"{"name":"new","price":7}"#)),
                _ => (Method::GET, None),
            };
            tasks.spawn(async move { send(service, method, &path, body).await });
        }
        tasks.join_all().await;
        let read = lab.get(&path).await;
        if n % 2 == 0 {
            assert_eq!(read.status, 404, "{path} is still in the cache");
        } else {
            assert_eq!(
                (read.cache(), read.field("name")),
                ("HIT", "\"new\"".to_owned())
            );
        }
    }
}
