//! The log as a store uses it: opened, written to, broken, opened again.

mod log;
mod recovery;
mod refusals;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::value::RawValue;
use tempfile::TempDir;

use super::{
    Action, Change, Disk, Durability, Home, LogOptions, Mark, Opened, RealDisk, RecoveryError, open,
};

/// Opens as a new process does; gives the log and what is in it, as `key=value` or `key deleted`.
fn open_on<D: Disk>(disk: &D) -> Result<(Opened<D>, Vec<String>), RecoveryError> {
    open_with(disk, Durability::Disk)
}

fn open_with<D: Disk>(
    disk: &D,
    durability: Durability,
) -> Result<(Opened<D>, Vec<String>), RecoveryError> {
    let home = Home {
        log_disk: disk.clone(),
        log_name: "wal.log".to_owned(),
        checkpoint_disk: disk.clone(),
        checkpoint_name: "checkpoint.json".to_owned(),
    };
    let mut seen = Vec::new();
    let time = UNIX_EPOCH + Duration::from_secs(77);
    let opened = open(&home, LogOptions::new(durability), time, |key, action| {
        seen.push(match action {
            Action::Set(value) => format!("{key}={}", value.get()),
            Action::Delete => format!("{key} deleted"),
        });
    })?;
    Ok((opened, seen))
}

/// A folder with a log in it.
struct Folder(TempDir);

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

    fn open(&self) -> (Opened<RealDisk>, Vec<String>) {
        open_on(&RealDisk::open(self.0.path()).unwrap()).unwrap()
    }
}

fn set<D: Disk>(store: &mut Opened<D>, keys: &[&str]) {
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

fn checkpoint<D: Disk>(store: &mut Opened<D>, keys: &[&str]) {
    let mark = Mark {
        sequence: store.log.cut(),
        generation: store.log.generation(),
    };
    let entries = keys.iter().map(|&key| (key, RawValue::NULL));
    store.checkpoint.write(mark, UNIX_EPOCH, entries).unwrap();
    store.log.covered(mark.sequence).carry_out().unwrap();
}

/// Empties the store, as far as the log is concerned.
fn clear<D: Disk>(store: &mut Opened<D>) {
    let mark = Mark {
        sequence: 0,
        generation: store.log.generation() + 1,
    };
    store.checkpoint.write(mark, UNIX_EPOCH, []).unwrap();
    store
        .log
        .start_generation(mark.generation)
        .carry_out()
        .unwrap();
}
