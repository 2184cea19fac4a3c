//! What a restart finds, and what it does not start with.

use std::fs;
use std::path::PathBuf;

use kv_store::{AppState, Config, CrashButton, OpenError};

use crate::lab::Lab;

#[tokio::test]
async fn a_restart_has_contents_order_and_figures_back() {
    let mut lab = Lab::start();
    for key in ["c", "a", "b"] {
        lab.set(key, r#"{"z":1,"a":[1.50]}"#).await;
    }
    lab.delete("/kv/a").await;
    lab.set("a", "null").await;
    let listed = lab.get("/kv").await.text;
    for _ in 0..2 {
        lab.restart();
        lab.get("/kv").await.is(200, &listed);
        for (stat, value) in [
            ("recovered_entries", 5),
            ("lost_entries", 0),
            ("wal_sequence", 5),
            ("entries_since_checkpoint", 5),
        ] {
            assert_eq!(lab.stat(stat).await, value, "{stat}");
        }
    }
    lab.post("/admin/checkpoint", "").await;
    assert_eq!(lab.stat("recovered_entries").await, 5);
    lab.restart();
    lab.get("/kv").await.is(200, &listed);
    assert_eq!(lab.stat("recovered_entries").await, 0);
    assert_eq!(lab.stat("wal_sequence").await, 5);
    lab.set("d", "1").await;
    assert_eq!(lab.stat("wal_sequence").await, 6);
}

#[tokio::test]
async fn without_sync_the_log_is_written_all_the_same() {
    let mut lab = Lab::start_with(&[("FSYNC_ENABLED", "false")]);
    lab.set("a", "1").await;
    let shown = lab.get("/admin/wal").await.json();
    assert_eq!(shown["entries"].as_array().unwrap().len(), 1);
    lab.restart();
    lab.get("/kv")
        .await
        .is(200, r#"{"data":{"a":1},"count":1}"#);
}

#[tokio::test]
async fn damage_is_counted_and_kept() {
    let mut lab = Lab::start();
    for key in ["a", "b", "c", "d"] {
        lab.set(key, r#""value""#).await;
    }
    let path = lab.file("wal.log.00000001");
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes
        .windows(9)
        .position(|part| part == b"\"key\":\"b\"")
        .unwrap();
    bytes[place + 7] = b'x';
    lab.stop();
    fs::write(&path, bytes).unwrap();
    lab.restart();
    lab.get("/kv")
        .await
        .is(200, r#"{"data":{"a":"value"},"count":1}"#);
    assert_eq!(lab.stat("lost_entries").await, 3);
    assert_eq!(lab.stat("recovered_entries").await, 1);
    assert_eq!(lab.metric("data_loss_events_total ").await.to_string(), "1");
    let names = fs::read_dir(lab.file("")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.any(|name| name.contains(".corrupt-")));
}

#[tokio::test]
async fn what_cannot_be_a_start_is_refused_with_its_reason() {
    let mut lab = Lab::start();
    lab.set("a", "1").await;
    refused(&lab.config(), "is held by a running store");
    lab.post("/admin/checkpoint", "").await;
    lab.stop();
    let checkpoint = lab.file("checkpoint.json");
    fs::write(&checkpoint, r#"{"data":{},"last_sequence":1}"#).unwrap();
    refused(&lab.config(), "unreadable checkpoint checkpoint.json");
    let kept = fs::read(&checkpoint).unwrap();
    assert_eq!(kept, br#"{"data":{},"last_sequence":1}"#);
    fs::remove_dir_all(lab.file("")).unwrap();
    fs::write(lab.file(""), "a file where the folder should be").unwrap();
    refused(&lab.config(), "cannot use the folder");
}

#[track_caller]
fn refused(config: &Config, reason: &str) {
    let error: OpenError = AppState::start(config, CrashButton::default()).unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
}

impl Lab {
    fn file(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("new");
        if name.is_empty() {
            folder
        } else {
            folder.join(name)
        }
    }
}
