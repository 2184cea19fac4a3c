//! Makes the files say what the scan read, durably: cuts a torn tail, puts damage aside, writes down what may be in the
//! system's memory only.

use std::io;

use super::disk::{Disk, DiskFile};
use super::recovery::{Damage, RecoveryError};
use super::scan::{End, Found, Place, Scan};
use super::segment::write_all;

/// Copied at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// What was repaired.
#[derive(Debug)]
pub(super) struct Repaired {
    pub(super) torn_bytes: u64,
    pub(super) damage: Option<Damage>,
}

/// Repairs what the scan found. Made again after a power cut in the middle, it comes to the same contents.
pub(super) fn settle<D: Disk>(
    disk: &D,
    scan: &Scan<D::File>,
    seconds: u64,
) -> Result<Repaired, RecoveryError> {
    let mut repaired = Repaired {
        torn_bytes: 0,
        damage: None,
    };
    match scan.end {
        Some(end) if end.is_damage => {
            let copies = put_aside(disk, scan, end.place, seconds)?;
            repaired.damage = Some(Damage {
                segment: scan.segments[end.place.segment].name.clone(),
                offset: end.place.offset,
                sequence: scan.last + 1,
                lost_entries: end.stranded + 1,
                copies,
            });
        }
        Some(end) => repaired.torn_bytes = drop_tail(disk, scan, end)?,
        None => seal(disk, scan)?,
    }
    if let Some(from) = scan.unproven {
        write_down(disk, scan, from)?;
    }
    Ok(repaired)
}

/// Keeps copies of the file with the place and of those after it, then cuts it there and removes those.
///
/// In this order, since what proves the damage goes last: a power cut in between leaves some of it to be found again.
fn put_aside<D: Disk>(
    disk: &D,
    scan: &Scan<D::File>,
    place: Place,
    seconds: u64,
) -> Result<Vec<String>, RecoveryError> {
    let names = disk
        .names()
        .map_err(RecoveryError::at("the log's folder"))?;
    let (damaged, later) = split(scan, place);
    let is_taken = |seconds: u64| names.iter().any(|name| name.ends_with(&suffix(seconds)));
    let mut seconds = seconds;
    while is_taken(seconds) {
        seconds += 1;
    }
    let copy_of = |found: &Found<D::File>| format!("{}{}", found.name, suffix(seconds));
    let later: Vec<_> = later.collect();
    let mut copies = Vec::new();
    for found in [damaged].into_iter().chain(later.iter().copied()) {
        let name = copy_of(found);
        copy(disk, found, &name).map_err(RecoveryError::at(&name))?;
        copies.push(name);
    }
    disk.sync_folder().map_err(RecoveryError::at(&copies[0]))?;
    cut_off(disk, &damaged.name, place.offset)?;
    for found in later {
        remove(disk, &found.name)?;
    }
    Ok(copies)
}

fn suffix(seconds: u64) -> String {
    format!(".corrupt-{seconds}")
}

/// Cuts off a group that nobody was told about; gives how many bytes that were.
fn drop_tail<D: Disk>(disk: &D, scan: &Scan<D::File>, end: End) -> Result<u64, RecoveryError> {
    let (torn, later) = split(scan, end.place);
    let mut bytes = torn.length - end.place.offset;
    cut_off(disk, &torn.name, end.place.offset)?;
    for found in later {
        bytes += found.length;
        remove(disk, &found.name)?;
    }
    Ok(bytes)
}

/// Cuts the newest used segment where its records are seen to end.
///
/// The process before may have cut it there itself, and been told that the sync of that failed: then the disk has more
/// than is seen, and the system holds it for clean.
fn seal<D: Disk>(disk: &D, scan: &Scan<D::File>) -> Result<(), RecoveryError> {
    let mut used = scan.segments.iter().rev();
    match used.find(|found| !found.tally.is_zeros) {
        Some(newest) => cut_off(disk, &newest.name, newest.tally.intact_end),
        None => Ok(()),
    }
}

/// Removes a segment for good, if it is there: should its name be back after a power cut, there is nothing in it.
pub(super) fn remove<D: Disk>(disk: &D, name: &str) -> Result<(), RecoveryError> {
    let remove = || {
        cut(&disk.open(name)?, 0)?;
        disk.remove(name)?;
        disk.sync_folder()
    };
    match remove() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(RecoveryError::at(name)),
    }
}

/// The segment with the place, and those behind it that have anything in them.
fn split<F>(scan: &Scan<F>, place: Place) -> (&Found<F>, impl Iterator<Item = &Found<F>>) {
    let later = scan.segments[place.segment + 1..].iter();
    (
        &scan.segments[place.segment],
        later.filter(|found| !found.tally.is_zeros),
    )
}

fn cut_off<D: Disk>(disk: &D, name: &str, offset: u64) -> Result<(), RecoveryError> {
    let file = disk.open(name).map_err(RecoveryError::at(name))?;
    cut(&file, offset).map_err(RecoveryError::at(name))
}

/// Cuts the file, durably, and also where it is seen to end there already: that may be all that an earlier cut came to.
fn cut(file: &impl DiskFile, offset: u64) -> io::Result<()> {
    if file.length()? == offset {
        file.set_length(offset + 1)?;
    }
    file.set_length(offset)?;
    file.sync_data()
}

fn copy<D: Disk>(disk: &D, found: &Found<D::File>, to: &str) -> io::Result<()> {
    let file = disk.create(to)?;
    carry(&found.file, 0, found.length, &file)?;
    file.sync_data()
}

/// Writes the records again that no mark proves to be on the disk, as they were read, and syncs them.
///
/// The process that wrote them may have been killed, or told that a sync failed: after that the system may hold for
/// clean what the disk does not have, and a sync alone would do nothing.
fn write_down<D: Disk>(disk: &D, scan: &Scan<D::File>, from: Place) -> Result<(), RecoveryError> {
    for (index, found) in scan.segments.iter().enumerate().skip(from.segment) {
        let start = if index == from.segment {
            from.offset
        } else {
            found.tally.kept_start
        };
        if found.tally.kept_end > start {
            let write = || {
                let file = disk.open(&found.name)?;
                carry(&file, start, found.tally.kept_end, &file)?;
                file.sync_data()
            };
            write().map_err(RecoveryError::at(&found.name))?;
        }
    }
    Ok(())
}

fn carry<F: DiskFile>(from: &F, start: u64, end: u64, to: &F) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut offset = start;
    while offset < end {
        let wanted = usize::try_from(end - offset)
            .unwrap_or(usize::MAX)
            .min(CHUNK_BYTES);
        let read = from.read_at(&mut buffer[..wanted], offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        write_all(to, &buffer[..read], offset)?;
        offset += read as u64;
    }
    Ok(())
}
