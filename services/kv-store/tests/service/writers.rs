//! Several writers at once: what they share, and what nobody sees too early.

use std::num::NonZeroU64;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use kv_store::simulation::SimulatedDisk;
use kv_store::wal::{Durability, Home};
use kv_store::{Metrics, Store, StoreGuard, StoreOptions};
use serde_json::value::RawValue;

use crate::gate::{Gate, GatedDisk};
use crate::lab::Lab;

fn gated(checkpoint_threshold: u64) -> (Store, StoreGuard, Gate) {
    let (disk, gate) = GatedDisk::new(SimulatedDisk::new(1));
    let home = Home {
        log_disk: disk.clone(),
        log_name: "wal.log".to_owned(),
        checkpoint_disk: disk,
        checkpoint_name: "checkpoint.json".to_owned(),
    };
    let options = StoreOptions {
        durability: Durability::Disk,
        checkpoint_threshold: NonZeroU64::new(checkpoint_threshold).unwrap(),
    };
    let metrics = Arc::new(Metrics::new(true));
    let (store, guard) = Store::open(&home, options, metrics).unwrap();
    (store, guard, gate)
}

fn value(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

#[tokio::test]
async fn nobody_sees_a_write_before_it_is_durable_and_those_who_wait_share_a_sync() {
    let (store, _guard, gate) = gated(1000);
    store.set("a".into(), value("1")).await.unwrap();
    gate.close();
    let mut first = Box::pin(store.set("a".into(), value("2")));
    assert!((&mut first).now_or_never().is_none());
    gate.until_written(2);
    let mut others: Vec<_> = (0..100)
        .map(|n| store.set(format!("k{n}").into(), value("1")).boxed())
        .collect();
    for other in &mut others {
        assert!(other.now_or_never().is_none());
    }
    assert_eq!(store.get("a").unwrap().value().get(), "1");
    assert_eq!(
        (store.snapshot().len(), store.stats().log.unwrap().sequence),
        (1, 1)
    );
    gate.open();
    first.await.unwrap();
    assert!(join_all(others).await.iter().all(Result::is_ok));
    assert_eq!(store.get("a").unwrap().value().get(), "2");
    assert_eq!((gate.groups(), store.stats().items), (3, 101));
}

#[tokio::test]
async fn a_delete_sees_the_writes_that_are_before_it_in_its_group() {
    let (store, _guard, gate) = gated(1000);
    gate.close();
    let mut first = Box::pin(store.set("first".into(), value("1")));
    assert!((&mut first).now_or_never().is_none());
    gate.until_written(1);
    let mut set = Box::pin(store.set("k".into(), value("1")));
    assert!((&mut set).now_or_never().is_none());
    let mut deletes: Vec<_> = (0..2).map(|_| store.delete("k".into()).boxed()).collect();
    for delete in &mut deletes {
        assert!(delete.now_or_never().is_none());
    }
    gate.open();
    first.await.unwrap();
    set.await.unwrap();
    assert_eq!(join_all(deletes).await, [Ok(true), Ok(false)]);
    assert_eq!((gate.groups(), store.stats().log.unwrap().sequence), (2, 3));
}

#[tokio::test]
async fn the_record_that_makes_a_checkpoint_due_is_the_last_of_its_group() {
    let (store, _guard, gate) = gated(10);
    gate.close();
    let mut writes: Vec<_> = (0..15)
        .map(|n| store.set(format!("k{n}").into(), value("1")).boxed())
        .collect();
    assert!((&mut writes[0]).now_or_never().is_none());
    gate.until_written(1);
    for write in &mut writes[1..] {
        assert!(write.now_or_never().is_none());
    }
    gate.open();
    assert!(join_all(writes).await.iter().all(Result::is_ok));
    // One, the nine that make the checkpoint due, the five behind it.
    assert_eq!(gate.groups(), 3);
    assert_eq!(store.stats().log.unwrap().entries_since_checkpoint, 5);
    assert_eq!(store.checkpoint().await, Ok(5));
    assert_eq!(store.stats().log.unwrap().entries, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_one_key_end_with_what_recovery_finds() {
    let mut lab = Lab::start_with(&[("CHECKPOINT_THRESHOLD", "7")]);
    for round in 0..20 {
        let writers = (0..8).map(|writer| {
            let service = lab.service();
            tokio::spawn(async move {
                let body = format!(r#"{{"key":"k","value":"{round}-{writer}"}}"#);
                let path = if writer == 3 { "/kv/k" } else { "/kv" };
                let method = if writer == 3 { "DELETE" } else { "POST" };
                let method = method.parse().unwrap();
                crate::lab::send(service, method, path, &body).await
            })
        });
        for answer in join_all(writers).await {
            assert!([200, 404].contains(&answer.unwrap().status.as_u16()));
        }
        let in_memory = lab.get("/kv").await.text;
        lab.restart();
        lab.get("/kv").await.is(200, &in_memory);
    }
}
