//! What the open log does when segments and disks are full, and when the disk fails.

use super::{change, checkpoint, open_on, set};
use crate::simulation::{Fault, Plan, SimulatedDisk};
use crate::wal::{AppendError, Opened};

type Store = Opened<SimulatedDisk>;

fn opened() -> (SimulatedDisk, Store) {
    let disk = SimulatedDisk::new(1);
    let (store, _) = open_on(&disk).unwrap();
    (disk, store)
}

fn append(store: &mut Store, key: &str) -> Result<(), AppendError> {
    store.log.append([change(key)]).map(|_| ())
}

#[test]
fn a_group_is_one_write_and_one_sync() {
    let (disk, mut store) = opened();
    disk.set_plan(Plan::default());
    let sequences = store.log.append(["a", "b", "c"].map(change)).unwrap();
    assert_eq!(sequences, 1..4);
    assert_eq!(disk.operations(), 2);
    assert_eq!(store.log.append([]).unwrap(), 4..4);
    assert_eq!(disk.operations(), 2);
}

#[test]
fn a_write_that_fails_leaves_nothing_and_uses_up_no_sequence() {
    for fault in [Fault::Full, Fault::Short, Fault::Error] {
        let (disk, mut store) = opened();
        append(&mut store, "a").unwrap();
        let size = store.log.size_bytes();
        disk.set_plan(Plan::fail(0, fault));
        let error = append(&mut store, "b").unwrap_err();
        let is_full = matches!(error, AppendError::NoSpace(_));
        assert_eq!(is_full, fault != Fault::Error, "{error}");
        assert_eq!((store.log.sequence(), store.log.size_bytes()), (1, size));
        for seed in 0..20 {
            let (store, seen) = open_on(&disk.after_power_cut(seed)).unwrap();
            assert_eq!(seen, ["a=true"]);
            assert_eq!(store.recovery.torn_bytes, 0);
        }
        append(&mut store, "c").unwrap();
        let (store, seen) = open_on(&disk.after_power_cut(1)).unwrap();
        assert_eq!(seen, ["a=true", "c=true"]);
        assert_eq!(store.log.sequence(), 2);
    }
}

#[test]
fn after_a_sync_that_fails_nothing_is_taken_until_a_restart() {
    let (disk, mut store) = opened();
    append(&mut store, "a").unwrap();
    disk.set_plan(Plan::fail(1, Fault::Error));
    let error = append(&mut store, "b").unwrap_err();
    assert!(matches!(error, AppendError::Unsettled(_)), "{error}");
    let before = disk.operations();
    let error = append(&mut store, "c").unwrap_err();
    assert!(matches!(error, AppendError::Poisoned), "{error}");
    assert!(store.log.is_poisoned() && store.log.spare_order().is_none());
    assert_eq!(disk.operations(), before);
    let (mut store, seen) = open_on(&disk.after_kill()).unwrap();
    assert_eq!(seen[0], "a=true");
    append(&mut store, "d").unwrap();
}

#[test]
fn a_full_segment_is_followed_by_the_spare_or_grows() {
    for has_spares in [true, false] {
        let (disk, mut store) = opened();
        for number in 0..2000 {
            if has_spares {
                store.log.prepare().unwrap();
            }
            append(&mut store, &format!("key-{number}")).unwrap();
        }
        let segments = store.log.closed.len() + 1;
        assert_eq!(segments > 1, has_spares);
        let mut read = 0;
        store.log.reader().read(|_| read += 1).unwrap();
        assert_eq!((read, store.log.entries()), (2000, 2000));
        let (mut store, seen) = open_on(&disk).unwrap();
        assert_eq!(seen.len(), 2000);
        assert_eq!(store.log.entries(), 2000);
        checkpoint(&mut store, &[]);
        assert_eq!((store.log.entries(), store.log.size_bytes()), (0, 0));
        let files = disk.files();
        let logs = files.keys().filter(|name| name.starts_with("wal")).count();
        assert!(logs <= 2, "{:?}", files.keys());
    }
}

#[test]
fn what_comes_between_cut_and_checkpoint_stays_in_the_log() {
    for is_spare_ready in [false, true] {
        let (disk, mut store) = opened();
        if is_spare_ready {
            store.log.prepare().unwrap();
        }
        set(&mut store, &["a", "b"]);
        assert_eq!(store.log.cut(), 2);
        set(&mut store, &["c"]);
        assert_eq!(store.log.entries(), 3);
        store.log.covered(2).carry_out().unwrap();
        assert_eq!(store.log.entries(), 1);
        let mut keys = Vec::new();
        let reader = store.log.reader();
        reader
            .read(|record| keys.push(record.key.to_string()))
            .unwrap();
        assert_eq!(keys, ["c"]);
        assert_eq!(disk.files().len(), 1);
    }
}

#[test]
fn a_spare_that_cannot_be_made_is_asked_for_again_at_the_next_cut() {
    let (disk, mut store) = opened();
    disk.limit_space(Some(70_000));
    store.log.prepare().unwrap_err();
    assert!(store.log.spare_order().is_none());
    append(&mut store, "a").unwrap();
    disk.limit_space(None);
    store.log.cut();
    store.log.prepare().unwrap();
    assert!(store.log.spare_order().is_none());
}

#[test]
fn on_a_full_disk_the_log_can_be_opened_and_is_written_to_when_space_returns() {
    let (disk, mut store) = opened();
    append(&mut store, "a").unwrap();
    let files = disk.files();
    let full = SimulatedDisk::with_files(1, files);
    full.limit_space(Some(100));
    let (mut store, seen) = open_on(&full).unwrap();
    assert_eq!(seen, ["a=true"]);
    let error = append(&mut store, "b").unwrap_err();
    assert!(matches!(error, AppendError::NoSpace(_)), "{error}");
    full.limit_space(None);
    append(&mut store, "b").unwrap();
    assert_eq!(open_on(&full).unwrap().1, ["a=true", "b=true"]);
}
