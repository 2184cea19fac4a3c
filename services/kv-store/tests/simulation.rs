//! What the simulated disk may lose and what it must not: it is what the other proofs stand on.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use kv_store::simulation::{Fault, Plan, SimulatedDisk};
use kv_store::wal::{Disk, DiskFile};

/// Enough draws to see every outcome of the small cases here.
const DRAWS: u64 = 100;

fn durable(bytes: &[u8]) -> SimulatedDisk {
    SimulatedDisk::with_files(1, [("a".to_owned(), bytes.to_vec())])
}

/// What the power cut may leave of the folder.
fn folders(disk: &SimulatedDisk) -> BTreeSet<BTreeMap<String, Vec<u8>>> {
    (0..DRAWS)
        .map(|seed| disk.after_power_cut(seed).files())
        .collect()
}

/// What the power cut may leave of file `a`.
fn outcomes(disk: &SimulatedDisk) -> BTreeSet<Vec<u8>> {
    folders(disk)
        .iter()
        .map(|files| files["a"].clone())
        .collect()
}

#[track_caller]
fn check(disk: &SimulatedDisk, expected: &[&[u8]]) {
    let expected = expected.iter().map(|bytes| bytes.to_vec()).collect();
    assert_eq!(outcomes(disk), expected);
}

#[test]
fn what_was_synced_is_there_and_what_was_not_may_be() {
    let disk = durable(b"old");
    let file = disk.open("a").unwrap();
    file.write_at(b"new", 0).unwrap();
    check(&disk, &[b"new", b"old"]);
    file.write_at(b"N", 0).unwrap();
    check(&disk, &[b"New", b"new", b"old"]);
    assert_eq!(disk.after_kill().files()["a"], b"New");
    check(&disk.after_kill(), &[b"New", b"new", b"old"]);
    file.sync_data().unwrap();
    check(&disk, &[b"New"]);
}

#[test]
fn a_write_tears_at_sectors_in_any_order() {
    let disk = durable(&[0; 1024]);
    let file = disk.open("a").unwrap();
    file.write_at(&[1; 1024], 0).unwrap();
    let halves = |first: u8, second: u8| [[first; 512], [second; 512]].concat();
    let expected = [halves(0, 0), halves(0, 1), halves(1, 0), halves(1, 1)];
    assert_eq!(outcomes(&disk), BTreeSet::from(expected));
}

#[test]
fn a_length_may_be_undone_and_may_come_without_the_bytes() {
    let disk = durable(b"");
    let file = disk.open("a").unwrap();
    file.write_at(b"ab", 0).unwrap();
    check(&disk, &[b"", b"ab", b"\0\0"]);
    file.sync_data().unwrap();
    file.set_length(1).unwrap();
    // Cut off in the cache, the byte may be back, or be a zero.
    check(&disk, &[b"ab", b"a\0", b"a"]);
    file.sync_data().unwrap();
    check(&disk, &[b"a"]);
}

#[test]
fn a_name_may_be_undone_until_the_folder_is_synced() {
    let named = |names: &[&str]| -> BTreeMap<String, Vec<u8>> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), Vec::new()))
            .collect()
    };
    let disk = durable(b"");
    disk.create("b").unwrap().sync_data().unwrap();
    assert_eq!(
        folders(&disk),
        BTreeSet::from([named(&["a"]), named(&["a", "b"])])
    );
    disk.sync_folder().unwrap();
    disk.remove("a").unwrap();
    disk.remove("b").unwrap();
    let every = [named(&[]), named(&["a"]), named(&["b"]), named(&["a", "b"])];
    assert_eq!(folders(&disk), BTreeSet::from(every));
    disk.sync_folder().unwrap();
    assert_eq!(folders(&disk), BTreeSet::from([named(&[])]));
}

#[test]
fn a_renamed_file_is_the_old_or_the_new_one_whole() {
    let disk = durable(b"old");
    let file = disk.create("b").unwrap();
    file.write_at(b"new", 0).unwrap();
    file.sync_data().unwrap();
    disk.rename("b", "a").unwrap();
    check(&disk, &[b"new", b"old"]);
    disk.sync_folder().unwrap();
    check(&disk, &[b"new"]);
}

#[test]
fn a_failed_sync_leaves_a_page_that_no_later_sync_writes() {
    let mut seen = BTreeSet::new();
    for seed in 0..DRAWS {
        let disk = SimulatedDisk::with_files(seed, [("a".to_owned(), b"old".to_vec())]);
        let file = disk.open("a").unwrap();
        file.write_at(b"new", 0).unwrap();
        disk.set_plan(Plan::fail(0, Fault::Error));
        file.sync_data().unwrap_err();
        file.sync_data().unwrap();
        let [on_disk] = outcomes(&disk)
            .into_iter()
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        seen.insert((disk.files()["a"].clone(), on_disk));
        // Written again, it is as good as any.
        file.write_at(b"New", 0).unwrap();
        file.sync_data().unwrap();
        check(&disk, &[b"New"]);
    }
    let pairs = [("new", "new"), ("new", "old"), ("old", "old")];
    let pairs = pairs.map(|(seen, on_disk)| (seen.into(), on_disk.into()));
    assert_eq!(seen, BTreeSet::from(pairs));
}

#[test]
fn a_failed_sync_of_the_folder_proves_nothing_later() {
    let mut seen = BTreeSet::new();
    for seed in 0..DRAWS {
        let disk = SimulatedDisk::new(seed);
        disk.create("a").unwrap();
        disk.set_plan(Plan::fail(0, Fault::Error));
        disk.sync_folder().unwrap_err();
        disk.sync_folder().unwrap();
        assert!(disk.files().contains_key("a"));
        seen.extend(folders(&disk));
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn space_runs_out_and_comes_back() {
    let disk = durable(b"ab");
    disk.limit_space(Some(5));
    let file = disk.open("a").unwrap();
    assert_eq!(file.write_at(b"cdefg", 2).unwrap(), 3);
    assert_eq!(file.write_at(b"AB", 0).unwrap(), 2);
    assert_eq!(
        file.write_at(b"f", 5).unwrap_err().kind(),
        ErrorKind::StorageFull
    );
    assert_eq!(disk.after_kill().files()["a"], b"ABcde");
    disk.limit_space(None);
    assert_eq!(file.write_at(b"f", 5).unwrap(), 1);
}

#[test]
fn at_the_stop_an_operation_is_done_in_part_and_nothing_after_it() {
    let mut lengths = BTreeSet::new();
    for seed in 0..DRAWS {
        let disk = SimulatedDisk::with_files(seed, [("a".to_owned(), Vec::new())]);
        let file = disk.open("a").unwrap();
        disk.set_plan(Plan::stop_at(1));
        file.write_at(b"x", 0).unwrap();
        file.write_at(b"yz", 1).unwrap_err();
        assert!(disk.is_stopped());
        file.sync_data().unwrap_err();
        file.write_at(b"w", 0).unwrap_err();
        disk.create("b").err().unwrap();
        lengths.insert(disk.after_kill().files()["a"].len());
        assert_eq!(disk.after_kill().files().len(), 1);
    }
    assert_eq!(lengths, BTreeSet::from([1, 2, 3]));
}

#[test]
fn the_same_seed_gives_the_same_disk() {
    let run = |seed| {
        let disk = SimulatedDisk::new(seed);
        let file = disk.create("a").unwrap();
        let faults = (1..9).map(|number| (number, Fault::Error)).collect();
        disk.set_plan(Plan {
            faults,
            stop_at: None,
        });
        for offset in 0..9 {
            let _ = file.write_at(&[1; 600], offset * 600);
        }
        disk.sync_folder().unwrap();
        disk.after_power_cut(seed).files()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
