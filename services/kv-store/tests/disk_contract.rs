//! What every `Disk` does, whichever it is.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::io::ErrorKind;

use kv_store::simulation::SimulatedDisk;
use kv_store::wal::{Disk, DiskFile, RealDisk};

#[test]
fn a_folder_of_the_file_system_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    keeps_the_contract(&RealDisk::open(folder.path()).unwrap());
}

#[test]
fn the_simulated_disk_keeps_the_contract() {
    for seed in 0..20 {
        keeps_the_contract(&SimulatedDisk::new(seed));
    }
}

#[test]
fn a_disk_that_was_killed_or_cut_off_keeps_the_contract() {
    for seed in 0..20 {
        let disk = SimulatedDisk::new(seed);
        disk.create("stale").unwrap();
        disk.remove("stale").unwrap();
        keeps_the_contract(&disk.after_kill());
        disk.sync_folder().unwrap();
        keeps_the_contract(&disk.after_power_cut(seed));
    }
}

#[track_caller]
fn keeps_the_contract(disk: &impl Disk) {
    names_are_made_moved_and_taken_away(disk);
    bytes_are_where_they_were_written(disk);
    lengths_are_cut_and_filled(disk);
    a_handle_outlives_its_name(disk);
    what_is_not_there_is_not_found(disk);
    what_is_opened_to_read_is_not_written(disk);
}

#[track_caller]
fn names_are_made_moved_and_taken_away(disk: &impl Disk) {
    assert!(names(disk).is_empty());
    write(disk, "a", b"first");
    write(disk, "b", b"second");
    assert_eq!(names(disk), ["a", "b"]);
    let again = disk.create("a").err().unwrap();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    assert_eq!(read(disk, "a"), b"first");
    disk.rename("a", "b").unwrap();
    assert_eq!(names(disk), ["b"]);
    assert_eq!(read(disk, "b"), b"first");
    disk.rename("b", "c").unwrap();
    disk.sync_folder().unwrap();
    assert_eq!(names(&disk.clone()), ["c"]);
    disk.remove("c").unwrap();
    assert!(names(disk).is_empty());
    write(disk, "c", b"");
    assert_eq!(read(disk, "c"), b"");
    disk.remove("c").unwrap();
}

#[track_caller]
fn bytes_are_where_they_were_written(disk: &impl Disk) {
    let file = disk.create("a").unwrap();
    let other = disk.open("a").unwrap();
    assert_eq!(file.write_at(b"abc", 510).unwrap(), 3);
    assert_eq!(other.length().unwrap(), 513);
    assert_eq!(other.write_at(b"x", 511).unwrap(), 1);
    assert_eq!(other.write_at(b"", 9000).unwrap(), 0);
    file.sync_data().unwrap();
    assert_eq!(file.length().unwrap(), 513);
    let mut expected = vec![0; 513];
    expected[510..].copy_from_slice(b"axc");
    assert_eq!(read(disk, "a"), expected);
    let mut buffer = [9; 4];
    assert_eq!(file.read_at(&mut buffer, 511).unwrap(), 2);
    assert_eq!(&buffer, b"xc\x09\x09");
    assert_eq!(file.read_at(&mut buffer, 513).unwrap(), 0);
    assert_eq!(file.read_at(&mut buffer, 1 << 40).unwrap(), 0);
    assert_eq!(file.read_at(&mut [], 0).unwrap(), 0);
    disk.remove("a").unwrap();
}

#[track_caller]
fn lengths_are_cut_and_filled(disk: &impl Disk) {
    write(disk, "a", &[7; 1500]);
    let file = disk.open("a").unwrap();
    file.set_length(3).unwrap();
    file.set_length(600).unwrap();
    let mut expected = vec![0; 600];
    expected[..3].copy_from_slice(&[7; 3]);
    assert_eq!(read(disk, "a"), expected);
    file.sync_data().unwrap();
    file.set_length(0).unwrap();
    assert_eq!(file.length().unwrap(), 0);
    assert_eq!(file.write_at(b"z", 2).unwrap(), 1);
    assert_eq!(read(disk, "a"), b"\0\0z");
    disk.remove("a").unwrap();
}

#[track_caller]
fn a_handle_outlives_its_name(disk: &impl Disk) {
    write(disk, "a", b"old");
    write(disk, "b", b"new");
    let replaced = disk.open_to_read("a").unwrap();
    disk.rename("b", "a").unwrap();
    let removed = disk.open("a").unwrap();
    disk.remove("a").unwrap();
    assert_eq!(removed.write_at(b"N", 0).unwrap(), 1);
    removed.sync_data().unwrap();
    assert_eq!(contents(&replaced), b"old");
    assert_eq!(contents(&removed), b"New");
    assert!(names(disk).is_empty());
}

#[track_caller]
fn what_is_not_there_is_not_found(disk: &impl Disk) {
    let errors = [
        disk.open("a").err().unwrap(),
        disk.open_to_read("a").err().unwrap(),
        disk.rename("a", "b").unwrap_err(),
        disk.remove("a").unwrap_err(),
    ];
    assert!(
        errors
            .iter()
            .all(|error| error.kind() == ErrorKind::NotFound)
    );
}

#[track_caller]
fn what_is_opened_to_read_is_not_written(disk: &impl Disk) {
    write(disk, "a", b"kept");
    let file = disk.open_to_read("a").unwrap();
    file.write_at(b"x", 0).unwrap_err();
    file.set_length(0).unwrap_err();
    assert_eq!(contents(&file), b"kept");
    disk.remove("a").unwrap();
}

#[track_caller]
fn write(disk: &impl Disk, name: &str, bytes: &[u8]) {
    let file = disk.create(name).unwrap();
    assert_eq!(file.write_at(bytes, 0).unwrap(), bytes.len());
}

#[track_caller]
fn read(disk: &impl Disk, name: &str) -> Vec<u8> {
    contents(&disk.open_to_read(name).unwrap())
}

#[track_caller]
fn contents(file: &impl DiskFile) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.length().unwrap()).unwrap() + 1];
    let read = file.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(read);
    bytes
}

#[track_caller]
fn names(disk: &impl Disk) -> Vec<String> {
    let mut names = disk.names().unwrap();
    names.sort();
    names
}
