//! A disk that is full, or fails.

use std::num::NonZeroU64;
use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use kv_store::simulation::SimulatedDisk;
use kv_store::wal::{Disk, Durability, Home};
use kv_store::{AppState, CrashButton, Metrics, Store, StoreGuard, StoreOptions, app};
use test_service::Answer;

use crate::gate::GatedDisk;
use crate::lab::send;

fn service<D: Disk>(disk: &D, checkpoint_threshold: u64) -> (Router, StoreGuard) {
    let home = Home {
        log_disk: disk.clone(),
        log_name: "wal.log".to_owned(),
        checkpoint_disk: disk.clone(),
        checkpoint_name: "checkpoint.json".to_owned(),
    };
    let options = StoreOptions {
        durability: Durability::Disk,
        checkpoint_threshold: NonZeroU64::new(checkpoint_threshold).unwrap(),
    };
    let metrics = Arc::new(Metrics::new(true));
    let (store, guard) = Store::open(&home, options, Arc::clone(&metrics)).unwrap();
    let state = AppState::new("kv", store, metrics, CrashButton::default());
    (app(state), guard)
}

async fn get(service: &Router, path: &str) -> Answer {
    send(service.clone(), Method::GET, path, "").await
}

async fn post(service: &Router, path: &str, body: &str) -> Answer {
    send(service.clone(), Method::POST, path, body).await
}

async fn set(service: &Router, key: &str, value: &str) -> Answer {
    let body = format!(r#"{{"key":"{key}","value":{value}}}"#);
    post(service, "/kv", &body).await
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_takes_them_again_when_there_is_space() {
    let disk = SimulatedDisk::new(1);
    let (service, guard) = service(&disk, 1000);
    assert_eq!(set(&service, "a", "1").await.status, 200);
    disk.limit_space(Some(0));
    let long = format!("\"{}\"", "x".repeat(500_000));
    assert!(
        set(&service, "b", &long)
            .await
            .is_error(503)
            .contains("space")
    );
    assert_eq!(
        get(&service, "/kv").await.text,
        r#"{"data":{"a":1},"count":1}"#
    );
    assert_eq!(
        post(&service, "/admin/checkpoint", "").await.is_error(503),
        "The checkpoint cannot be written"
    );
    post(&service, "/admin/clear", "").await.is_error(503);
    assert_eq!(
        get(&service, "/kv").await.text,
        r#"{"data":{"a":1},"count":1}"#
    );
    disk.limit_space(None);
    assert_eq!(set(&service, "b", "2").await.status, 200);
    assert_eq!(
        get(&service, "/admin/stats").await.json()["wal_sequence"],
        2
    );
    drop(guard);
    let (service, _guard) = self::service(&disk.after_power_cut(2), 1000);
    assert_eq!(
        get(&service, "/kv").await.text,
        r#"{"data":{"a":1,"b":2},"count":2}"#
    );
}

#[tokio::test]
async fn a_checkpoint_that_fails_fails_no_write_and_is_tried_again_at_the_next() {
    let disk = SimulatedDisk::new(1);
    let (service, _guard) = service(&disk, 3);
    let long = format!("\"{}\"", "x".repeat(9_000));
    for key in ["a", "b"] {
        assert_eq!(set(&service, key, &long).await.status, 200);
    }
    // Room for a record, not for a checkpoint.
    let used: usize = disk.files().values().map(Vec::len).sum();
    disk.limit_space(Some(used + 1000));
    assert_eq!(set(&service, "c", "3").await.status, 200);
    // Answered behind the automatic one, which has failed by then.
    post(&service, "/admin/checkpoint", "").await.is_error(503);
    let stats = get(&service, "/admin/stats").await.json();
    assert_eq!(
        (&stats["entries_since_checkpoint"], &stats["item_count"]),
        (&3.into(), &3.into())
    );
    disk.limit_space(None);
    assert_eq!(set(&service, "d", "4").await.status, 200);
    let created = post(&service, "/admin/checkpoint", "").await.json();
    assert_eq!(created["entries_truncated"], 0);
    let stats = get(&service, "/admin/stats").await.json();
    assert_eq!(stats["entries_since_checkpoint"], 0);
}

#[tokio::test]
async fn after_a_failed_sync_no_write_is_taken_and_reads_go_on() {
    let disk = SimulatedDisk::new(1);
    let (gated, gate) = GatedDisk::new(disk.clone());
    let (service, guard) = service(&gated, 1000);
    assert_eq!(set(&service, "a", "1").await.status, 200);
    gate.break_down();
    for key in ["b", "c"] {
        let why = set(&service, key, "1").await.is_error(503);
        assert!(why.contains("until a restart"), "{why}");
    }
    post(&service, "/admin/clear", "").await.is_error(503);
    let deleted = send(service.clone(), Method::DELETE, "/kv/a", "").await;
    deleted.is_error(503);
    assert_eq!(
        get(&service, "/kv").await.text,
        r#"{"data":{"a":1},"count":1}"#
    );
    assert_eq!(get(&service, "/health").await.status, 200);
    drop(guard);
    let (service, _guard) = self::service(&disk.after_power_cut(2), 1000);
    assert_eq!(get(&service, "/kv/a").await.status, 200);
    assert_eq!(set(&service, "b", "1").await.status, 200);
}
