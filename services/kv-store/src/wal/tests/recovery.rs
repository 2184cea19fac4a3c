//! What is there again after a crash.

use std::fs;
use std::time::UNIX_EPOCH;

use serde_json::value::RawValue;

use super::{Folder, change, checkpoint, clear, open_on, open_with, set};
use crate::simulation::{Fault, Plan, SimulatedDisk};
use crate::wal::{AppendError, Durability, Mark};

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
        // The spare that was there, under a name that is certain.
        "wal.log.00000003",
    ];
    assert_eq!(folder.names(), names);
}

#[test]
fn after_a_clear_nothing_is_left_and_the_sequence_begins_anew() {
    for is_spare_ready in [false, true] {
        let folder = Folder::new();
        let (mut store, _) = folder.open();
        if is_spare_ready {
            store.log.prepare().unwrap();
        }
        set(&mut store, &["a", "b"]);
        clear(&mut store);
        assert_eq!((store.log.entries(), store.log.size_bytes()), (0, 0));
        set(&mut store, &["c"]);
        assert_eq!((store.log.sequence(), store.log.generation()), (1, 2));
        let (store, seen) = folder.open();
        assert_eq!(seen, ["c=true"]);
        assert_eq!((store.log.sequence(), store.log.entries()), (1, 1));
    }
}

/// Two records in a group of one each, then three in one: 1, 2, then 3 to 5 of which nothing was said.
fn written() -> (String, Vec<u8>, usize) {
    let disk = SimulatedDisk::new(1);
    let (mut store, _) = open_on(&disk).unwrap();
    for keys in [&["a"][..], &["b"], &["c", "d", "e"]] {
        set(&mut store, keys);
    }
    let size = usize::try_from(store.log.size_bytes()).unwrap();
    let (name, mut bytes) = disk.files().pop_first().unwrap();
    bytes.truncate(size + 600);
    (name, bytes, size)
}

#[test]
fn cut_at_any_byte_the_log_is_what_came_before() {
    let (name, bytes, size) = written();
    for at in 0..=size {
        let disk = SimulatedDisk::with_files(1, [(name.clone(), bytes[..at].to_vec())]);
        let (mut store, seen) = open_on(&disk).unwrap();
        assert_eq!(seen.len(), at / (size / 5), "cut at {at}");
        assert_eq!(store.recovery.damage, None, "cut at {at}");
        set(&mut store, &["z"]);
        let (store, again) = open_on(&disk).unwrap();
        assert_eq!(again.len(), seen.len() + 1, "cut at {at}");
        assert_eq!(store.recovery.torn_bytes, 0, "cut at {at}");
    }
}

#[test]
fn with_any_byte_changed_the_log_is_what_came_before_and_loss_is_claimed_below_the_mark_only() {
    let (name, bytes, size) = written();
    for at in 0..size {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        let disk = SimulatedDisk::with_files(1, [(name.clone(), changed)]);
        let (store, seen) = open_on(&disk).unwrap();
        let before = at / (size / 5);
        assert_eq!(seen.len(), before, "byte {at}");
        // The third record says that the second was on the disk; nothing says it of the last group.
        let lost = if before < 2 { 5 - before as u64 } else { 0 };
        assert_eq!(store.recovery.lost_entries(), lost, "byte {at}");
        let (store, again) = open_on(&disk).unwrap();
        assert_eq!(again, seen, "byte {at}");
        assert_eq!(store.recovery.lost_entries(), 0, "byte {at}");
    }
}

#[test]
fn what_a_killed_process_had_not_synced_is_on_the_disk_before_it_is_given_out() {
    let disk = SimulatedDisk::new(1);
    let (mut store, _) = open_on(&disk).unwrap();
    store.log.options.durability = Durability::OperatingSystem;
    set(&mut store, &["a"]);
    set(&mut store, &["b"]);
    let disk = disk.after_kill();
    let (_, seen) = open_on(&disk).unwrap();
    assert_eq!(seen, ["a=true", "b=true"]);
    for seed in 0..50 {
        let (_, again) = open_on(&disk.after_power_cut(seed)).unwrap();
        assert_eq!(again, seen);
    }
}

/// `a` and `b` in a checkpoint and, since their removal did not come about, in the log too; then `c` and `d`, each in a
/// segment of its own if `is_spare_ready`.
fn left_behind(is_spare_ready: bool) -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    let (mut store, _) = open_on(&disk).unwrap();
    set(&mut store, &["a", "b"]);
    for key in ["c", "d"] {
        if is_spare_ready {
            store.log.cut();
            store.log.prepare().unwrap();
        }
        set(&mut store, &[key]);
    }
    let mark = Mark {
        sequence: 2,
        generation: 1,
    };
    let entries = ["a", "b"].map(|key| (key, RawValue::NULL));
    store.checkpoint.write(mark, UNIX_EPOCH, entries).unwrap();
    disk
}

#[test]
fn records_that_a_checkpoint_covers_are_passed_over_damaged_or_not() {
    for is_spare_ready in [false, true] {
        let disk = left_behind(is_spare_ready);
        let mut files = disk.files();
        for _ in 0..2 {
            let disk = SimulatedDisk::with_files(1, files.clone());
            let (store, seen) = open_on(&disk).unwrap();
            assert_eq!(seen, ["a=null", "b=null", "c=true", "d=true"]);
            assert_eq!((store.recovery.replayed, store.log.entries()), (2, 2));
            assert_eq!(store.recovery.damage, None);
            // It stays until this process has made a checkpoint: that the one it found is on the disk is not certain.
            assert!(disk.files().contains_key("wal.log.00000001"));
            files.get_mut("wal.log.00000001").unwrap()[90] ^= 1;
        }
    }
}

#[test]
fn damage_in_one_segment_puts_the_later_ones_aside_also_when_power_goes_at_any_step() {
    let mut files = left_behind(true).files();
    files.get_mut("wal.log.00000002").unwrap()[30] ^= 1;
    let disk = SimulatedDisk::with_files(1, files.clone());
    let (store, seen) = open_on(&disk).unwrap();
    assert_eq!(seen, ["a=null", "b=null"]);
    let copies = ["wal.log.00000002.corrupt-77", "wal.log.00000003.corrupt-77"];
    assert_eq!(store.recovery.damage.unwrap().copies, copies);
    let steps = disk.operations();
    for step in 0..steps {
        let disk = SimulatedDisk::with_files(1, files.clone());
        disk.set_plan(Plan::stop_at(step));
        open_on(&disk).unwrap_err();
        for seed in 0..5 {
            let (_, seen) = open_on(&disk.after_power_cut(seed)).unwrap();
            assert_eq!(seen, ["a=null", "b=null"], "step {step}, seed {seed}");
        }
    }
}

/// Disks drawn for a power cut.
const DRAWS: u64 = 200;

/// The process that wrote them took them back, and was told that the disk does not know of it. The next one must see to
/// it that it does.
#[test]
fn what_a_recovery_does_not_see_is_not_back_after_a_power_cut() {
    for seed in 0..DRAWS {
        let disk = SimulatedDisk::new(seed);
        let (mut store, _) = open_on(&disk).unwrap();
        set(&mut store, &["a"]);
        // So that nothing else is written to its segment at the next start.
        checkpoint(&mut store, &["a"]);
        // The write, the cut, the sync of the cut.
        let mut plan = Plan::fail(0, Fault::Error);
        plan.faults.insert(2, Fault::Error);
        disk.set_plan(plan);
        let refused = store.log.append(["b", "c"].map(change)).unwrap_err();
        assert!(matches!(refused, AppendError::Unsettled(_)), "{refused}");
        let disk = disk.after_kill();
        let (mut store, mut seen) = open_on(&disk).unwrap();
        set(&mut store, &["z"]);
        seen.push("z=true".to_owned());
        let after = open_on(&disk.after_power_cut(seed)).unwrap().1;
        assert_eq!(after, seen, "seed {seed}");
    }
}

/// The checkpoint that the next process starts from need not be on the disk: what it covers must be there without it.
#[test]
fn a_checkpoint_that_is_only_seen_proves_nothing() {
    // Looks for a temporary file, creates it, writes twice, syncs, renames, syncs the folder.
    for (number, seed) in (0..12).flat_map(|number| (0..DRAWS).map(move |seed| (number, seed))) {
        let disk = SimulatedDisk::new(seed);
        let (mut store, _) = open_with(&disk, Durability::OperatingSystem).unwrap();
        set(&mut store, &["a", "b"]);
        let mark = Mark {
            sequence: store.log.cut(),
            generation: 1,
        };
        disk.set_plan(Plan::fail(number, Fault::Error));
        let entries = ["a", "b"].map(|key| (key, RawValue::TRUE));
        // Whatever comes of it.
        let _ = store.checkpoint.write(mark, UNIX_EPOCH, entries);
        let disk = disk.after_kill();
        let seen = open_with(&disk, Durability::OperatingSystem).unwrap().1;
        let after = open_on(&disk.after_power_cut(seed)).unwrap().1;
        assert_eq!(after, seen, "seed {seed}, operation {number}");
    }
}
