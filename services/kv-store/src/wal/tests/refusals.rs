//! What cannot be started from is refused with a clear word, and left as it is.

use std::collections::BTreeMap;

use super::{change, checkpoint, clear, open_on, set};
use crate::simulation::SimulatedDisk;

type Files = BTreeMap<String, Vec<u8>>;

/// A store with a checkpoint at 2 and a record behind it.
fn files() -> Files {
    let disk = SimulatedDisk::new(1);
    let (mut store, _) = open_on(&disk).unwrap();
    store.log.prepare().unwrap();
    set(&mut store, &["a", "b"]);
    checkpoint(&mut store, &["a", "b"]);
    store.log.append([change("c")]).unwrap();
    disk.files()
}

#[track_caller]
fn refused(files: &Files, message: &str) {
    let disk = SimulatedDisk::with_files(1, files.clone());
    let error = open_on(&disk).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert!(disk.files() == *files, "files were changed");
}

#[test]
fn a_checkpoint_that_is_missing_or_too_old() {
    let mut without = files();
    without.remove("checkpoint.json");
    let message = "wal.log.00000002 begins with record 3, but the checkpoint ends with 0: a checkpoint is missing or too old";
    refused(&without, message);
}

#[test]
fn a_checkpoint_that_cannot_be_read() {
    let mut damaged = files();
    damaged.get_mut("checkpoint.json").unwrap()[10] ^= 1;
    damaged.insert("checkpoint.tmp".to_owned(), b"stale".to_vec());
    refused(&damaged, "unreadable checkpoint checkpoint.json");
}

#[test]
fn a_log_of_a_later_generation_than_the_checkpoint() {
    let disk = SimulatedDisk::new(1);
    let (mut store, _) = open_on(&disk).unwrap();
    store.log.append([change("a")]).unwrap();
    clear(&mut store);
    store.log.append([change("b")]).unwrap();
    let mut without = disk.files();
    without.remove("checkpoint.json");
    let message = "wal.log.00000001 is of generation 2, but the checkpoint of 1: a checkpoint is missing or too old";
    refused(&without, message);
}

#[test]
fn files_that_are_no_log_or_of_another_version() {
    let garbage = b"not a log, but somebody's letter".repeat(100);
    let mut strange = files();
    strange.insert("wal.log.00000007".to_owned(), garbage.clone());
    refused(&strange, "wal.log.00000007 is not a log");
    let mut older = files();
    older.insert("wal.log".to_owned(), garbage);
    refused(&older, "wal.log is a log of another version");
    let payload = br#"{"seq":3,"op":"MERGE"}"#;
    let mut record = vec![0, 0, 0, 22];
    record.extend_from_slice(payload);
    let check = crc32c::crc32c(&record);
    record.extend(
        (0..4)
            .rev()
            .map(|byte| u8::try_from(check >> (8 * byte) & 0xff).unwrap()),
    );
    let mut foreign = files();
    foreign.insert("wal.log.00000002".to_owned(), record);
    let message = "record in wal.log.00000002 at 0 is not in the form this version writes";
    refused(&foreign, message);
}

#[test]
fn a_log_of_zeros_is_an_empty_one() {
    let zeros = ("wal.log.00000004".to_owned(), vec![0; 3 << 20]);
    let disk = SimulatedDisk::with_files(1, [zeros]);
    let (mut store, seen) = open_on(&disk).unwrap();
    assert!(seen.is_empty());
    assert_eq!(store.recovery.torn_bytes, 0);
    store.log.append([change("a")]).unwrap();
    assert_eq!(open_on(&disk).unwrap().1, ["a=true"]);
}
