//! Readers and writers at once: what is in the cache at the end is what is in the database.

use axum::Router;
use axum::http::Method;
use test_service::{is_healthy, send, until};
use tokio::task::JoinSet;

use crate::lab::{CacheStatus as _, Lab};

const READERS: usize = 16;
const WRITERS: usize = 2;
const ROUNDS: usize = 500;
const NEW: &str = r#"{"name":"n","price":7}"#;
const PRICE: &str = "SELECT price FROM products WHERE id = 'prod-001'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fill_outlives_a_write_in_500_rounds_of_16_readers() {
    let lab = Lab::start().await;
    rounds(&lab, [lab.service(), lab.service()]).await;
}

/// The generations are in Redis, so they hold between instances too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fill_outlives_a_write_of_another_instance_in_500_rounds() {
    let lab = Lab::start().await;
    let another = lab.another();
    until(async || is_healthy(&another).await).await;
    rounds(&lab, [lab.service(), another]).await;
}

/// Every round: readers that miss while writers change the row; then whatever the cache holds is compared
/// with the row.
async fn rounds(lab: &Lab, [readers, writers]: [Router; 2]) {
    for round in 0..ROUNDS {
        let mut tasks = JoinSet::new();
        for n in 0..READERS {
            tasks.spawn(read(readers.clone()));
            if n % (READERS / WRITERS) == READERS / WRITERS / 2 {
                tasks.spawn(write(writers.clone(), round * READERS + n));
            }
        }
        tasks.join_all().await;
        let read = lab.get("/products/prod-001").await;
        let status = read.cache_status();
        lab.post("/admin/invalidate/prod-001", "").await;
        let stored = lab.get("/products/prod-001").await;
        assert_eq!(stored.cache_status(), "miss");
        assert_eq!(
            (read.field("price"), read.field("name")),
            (stored.field("price"), stored.field("name")),
            "round {round}: a {status} that is not the row"
        );
        lab.post("/admin/invalidate/prod-001", "").await;
    }
}

/// A deleted product must not come back from the cache.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fill_outlives_a_delete() {
    let lab = Lab::start().await;
    lab.sql(
        "INSERT INTO products SELECT 'more-' || n, 'n', NULL, 1 FROM generate_series(1, 100) n",
    );
    for n in 1..=100 {
        let path = format!("/products/more-{n}");
        let mut tasks = JoinSet::new();
        for reader in 0..READERS {
            let (service, path) = (lab.service(), path.clone());
            let method = if reader == READERS / 2 {
                Method::DELETE
            } else {
                Method::GET
            };
            tasks.spawn(async move { send(service, method, &path, None).await });
        }
        tasks.join_all().await;
        assert_eq!(
            lab.get(&path).await.status,
            404,
            "{path} is still in the cache"
        );
    }
}

/// A caller that hangs up in the middle of a write does not keep the row's old cache entry alive.
#[tokio::test]
async fn a_write_whose_caller_hangs_up_still_invalidates() {
    let mut lab = Lab::start().await;
    lab.get("/products/prod-001").await;
    lab.redis.pause();
    let put = send(lab.service(), Method::PUT, "/products/prod-001", Some(NEW));
    // The row is written, the invalidation waits for Redis, and the caller is gone.
    tokio::select! {
        answer = put => panic!("answered with Redis paused: {answer:?}"),
        () = until(async || lab.sql(PRICE) == "7.00") => {}
    }
    lab.redis.resume();
    until(async || {
        let read = lab.get("/products/prod-001").await;
        read.cache_status() == "hit" && read.field("price") == "7.0"
    })
    .await;
}

async fn read(service: Router) {
    let read = send(service, Method::GET, "/products/prod-001", None).await;
    assert_eq!(read.status, 200, "{}", read.text);
}

async fn write(service: Router, number: usize) {
    let body = format!(r#"{{"name":"name {number}","price":{number}}}"#);
    let written = send(service, Method::PUT, "/products/prod-001", Some(&body)).await;
    assert_eq!(written.cache_status(), "invalidated");
}
