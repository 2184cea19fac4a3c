//! The log as a store uses it: opened, written to, broken, opened again.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::value::RawValue;
use tempfile::TempDir;

use super::{
    Action, Change, Durability, Home, LogOptions, Mark, Opened, RealDisk, RecoveryError, open,
};

/// A folder with a log in it, and what one does to it.
struct Folder(TempDir);

type Store = Opened<RealDisk>;

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Opens as a new process does; gives the log and what is in it, as `set key` or `delete key`.
    fn try_open(&self) -> Result<(Store, Vec<String>), RecoveryError> {
        let disk = RealDisk::open(self.0.path()).unwrap();
        let home = Home {
            log_disk: disk.clone(),
            log_name: "wal.log".to_owned(),
            checkpoint_disk: disk,
            checkpoint_name: "checkpoint.json".to_owned(),
        };
        let mut seen = Vec::new();
        let time = UNIX_EPOCH + Duration::from_secs(77);
        let opened = open(
            &home,
            LogOptions::new(Durability::Disk),
            time,
            |key, action| {
                seen.push(match action {
                    Action::Set(value) => format!("{key}={}", value.get()),
                    Action::Delete => format!("{key} deleted"),
                });
            },
        )?;
        Ok((opened, seen))
    }

    fn open(&self) -> (Store, Vec<String>) {
        self.try_open().unwrap()
    }
}

fn set(store: &mut Store, keys: &[&str]) {
    store
        .log
        .append(keys.iter().map(|key| change(key)))
        .unwrap();
}

fn change(key: &str) -> Change<'_> {
    Change {
        key,
        action: Action::Set(RawValue::TRUE),
        time: UNIX_EPOCH,
    }
}

fn checkpoint(store: &mut Store, keys: &[&str]) {
    let mark = Mark {
        sequence: store.log.cut(),
        generation: store.log.generation(),
    };
    let entries = keys.iter().map(|&key| (key, RawValue::NULL));
    store.checkpoint.write(mark, UNIX_EPOCH, entries).unwrap();
    store.log.covered(mark.sequence).carry_out().unwrap();
}

#[test]
fn what_was_appended_is_there_again_and_the_sequence_goes_on() {
    let folder = Folder::new();
    let (mut store, seen) = folder.open();
    assert!(seen.is_empty());
    set(&mut store, &["a"]);
    set(&mut store, &["b", "c"]);
    let (mut store, seen) = folder.open();
    assert_eq!(seen, ["a=true", "b=true", "c=true"]);
    assert_eq!(store.recovery.replayed, 3);
    assert_eq!((store.log.sequence(), store.log.entries()), (3, 3));
    set(&mut store, &["d"]);
    let (store, seen) = folder.open();
    assert_eq!(seen.len(), 4);
    assert_eq!((store.log.sequence(), store.log.entries()), (4, 4));
}

#[test]
fn a_checkpoint_takes_its_records_out_of_the_log() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    store.log.prepare().unwrap();
    set(&mut store, &["a", "b"]);
    checkpoint(&mut store, &["a", "b"]);
    assert_eq!((store.log.entries(), store.log.size_bytes()), (0, 0));
    set(&mut store, &["c"]);
    assert_eq!(store.log.entries(), 1);
    let (store, seen) = folder.open();
    assert_eq!(seen, ["a=null", "b=null", "c=true"]);
    assert_eq!((store.recovery.replayed, store.log.sequence()), (1, 3));
}

#[test]
fn a_torn_tail_is_cut_and_what_is_written_after_it_survives() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    set(&mut store, &["a"]);
    let size = store.log.size_bytes();
    set(&mut store, &["b"]);
    let segment = folder.path("wal.log.00000001");
    let mut bytes = fs::read(&segment).unwrap();
    bytes.truncate(usize::try_from(store.log.size_bytes()).unwrap() - 1);
    fs::write(&segment, bytes).unwrap();
    let (mut store, seen) = folder.open();
    assert_eq!(seen, ["a=true"]);
    assert_eq!(store.recovery.torn_bytes, size - 1);
    assert_eq!(store.recovery.damage, None);
    assert_eq!(fs::metadata(&segment).unwrap().len(), size);
    set(&mut store, &["c"]);
    let (store, seen) = folder.open();
    assert_eq!(seen, ["a=true", "c=true"]);
    assert_eq!(store.recovery.torn_bytes, 0);
}

#[test]
fn damage_is_put_aside_and_counted_and_nothing_behind_it_is_applied() {
    let folder = Folder::new();
    let (mut store, _) = folder.open();
    for key in ["a", "b", "c", "d", "e"] {
        set(&mut store, &[key]);
    }
    let record = store.log.size_bytes() / 5;
    let segment = folder.path("wal.log.00000001");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[usize::try_from(record).unwrap() + 20] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let (store, seen) = folder.open();
    assert_eq!(seen, ["a=true"]);
    let damage = store.recovery.damage.unwrap();
    assert_eq!(
        (damage.offset, damage.sequence, damage.lost_entries),
        (record, 2, 4)
    );
    assert_eq!(damage.copies, ["wal.log.00000001.corrupt-77"]);
    assert!(fs::read(folder.path(&damage.copies[0])).unwrap() == bytes);
    let (store, seen) = folder.open();
    assert_eq!(seen, ["a=true"]);
    assert_eq!(store.recovery.lost_entries(), 0);
    let names = [
        "wal.log.00000001",
        "wal.log.00000001.corrupt-77",
        "wal.log.00000002",
    ];
    assert_eq!(folder.names(), names);
}
