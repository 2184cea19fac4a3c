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
        None => {}
    }
    if let Some(from) = scan.unproven {
        write_down(disk, scan, from)?;
    }
    Ok(repaired)
}

/// Keeps a copy of the file with the place, then cuts it there; what is in the files after it is renamed.
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
    let mut copies = vec![copy_of(damaged)];
    copy(disk, damaged, &copies[0])
        .and_then(|()| disk.sync_folder())
        .map_err(RecoveryError::at(&copies[0]))?;
    cut(disk, damaged, place.offset)?;
    for found in later {
        let copy = copy_of(found);
        disk.rename(&found.name, &copy)
            .map_err(RecoveryError::at(&found.name))?;
        copies.push(copy);
    }
    disk.sync_folder().map_err(RecoveryError::at(&copies[0]))?;
    Ok(copies)
}

fn suffix(seconds: u64) -> String {
    format!(".corrupt-{seconds}")
}

/// Cuts off a group that nobody was told about; gives how many bytes that were.
fn drop_tail<D: Disk>(disk: &D, scan: &Scan<D::File>, end: End) -> Result<u64, RecoveryError> {
    let (torn, later) = split(scan, end.place);
    let mut bytes = torn.length - end.place.offset;
    cut(disk, torn, end.place.offset)?;
    for found in later {
        bytes += found.length;
        disk.remove(&found.name)
            .map_err(RecoveryError::at(&found.name))?;
        disk.sync_folder().map_err(RecoveryError::at(&found.name))?;
    }
    Ok(bytes)
}

/// The segment with the place, and those behind it that have anything in them.
fn split<F>(scan: &Scan<F>, place: Place) -> (&Found<F>, impl Iterator<Item = &Found<F>>) {
    let later = scan.segments[place.segment + 1..].iter();
    (
        &scan.segments[place.segment],
        later.filter(|found| !found.tally.is_zeros),
    )
}

fn cut<D: Disk>(disk: &D, found: &Found<D::File>, offset: u64) -> Result<(), RecoveryError> {
    let cut = || {
        let file = disk.open(&found.name)?;
        file.set_length(offset)?;
        file.sync_data()
    };
    cut().map_err(RecoveryError::at(&found.name))
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
            found.tally.start
        };
        if found.tally.entries > 0 {
            let write = || {
                let file = disk.open(&found.name)?;
                carry(&file, start, found.tally.end, &file)?;
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
