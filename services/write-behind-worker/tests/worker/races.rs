//! Updates at once, with the worker at work.

use serde_json::Value;
use test_service::until;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use crate::lab::{Lab, is_drained};

/// Windows of a few milliseconds begin and end while the worker claims, so updates join, miss and follow each other in
/// every way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_updates_at_once_end_equal_in_both_stores_a_thousand_times() {
    let lab = Lab::start();
    let api = lab.api("3");
    let variables = [
        ("FLUSH_INTERVAL_MS", "2"),
        ("BATCH_SIZE", "3"),
        ("LOG_LEVEL", "warn"),
    ];
    let worker = lab.worker(&variables);
    let (database, connection) = tokio_postgres::connect(&lab.postgres.url(), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let mut raw = lab.raw();
    for round in 0..1000 {
        let mut updates = JoinSet::new();
        for i in 1..=20 {
            let api = api.clone();
            let body =
                format!(r#"{{"name":"round {round} update {i}","price":{i}.99,"quantity":{i}}}"#);
            updates.spawn(async move { api.put("a", &body).await });
        }
        for answer in updates.join_all().await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        until(async || is_drained(&mut raw)).await;
        let cached: String = redis::cmd("GET")
            .arg("cache:product:a")
            .query(&mut raw)
            .unwrap();
        let cached: Value = serde_json::from_str(&cached).unwrap();
        let row = "SELECT name, quantity, to_char(updated_at AT TIME ZONE 'UTC', \
            'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00' FROM products WHERE id = 'a'";
        let row = database.query_one(row, &[]).await.unwrap();
        assert_eq!(cached["name"], row.get::<_, &str>(0), "round {round}");
        assert_eq!(cached["quantity"], row.get::<_, i32>(1), "round {round}");
        assert_eq!(cached["updated_at"], row.get::<_, &str>(2), "round {round}");
    }
    let (_, log) = worker.terminate();
    assert_eq!(log, "");
    drop(database);
    connection.await.unwrap().unwrap();
}
