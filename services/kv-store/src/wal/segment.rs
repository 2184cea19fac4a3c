//! A log is files: how they are named, and how the next one is made ready.

use std::io;

use super::disk::{Disk, DiskFile};

/// Zeros are written so many at a time, so that a sync in the log's way is short.
const ZEROS: &[u8] = &[0; 256 << 10];

/// The file name of a segment: the log's name, a dot, eight digits.
pub(super) fn name_of(log: &str, number: u64) -> String {
    format!("{log}.{number:08}")
}

/// The number in a segment's file name; `None` for a file that is not a segment of this log.
pub(super) fn number_of(log: &str, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(log)?.strip_prefix('.')?;
    let number = digits.parse().ok()?;
    // Only one way to write a number, so that no two names are the same segment.
    (name_of(log, number) == name).then_some(number)
}

/// The next segment as it is asked for: make it on any thread, then give the outcome to the log.
#[derive(Debug)]
#[must_use = "the log waits for the outcome and asks for no other"]
pub struct SpareOrder<D> {
    pub(super) disk: D,
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) size: u64,
}

/// A segment made ready: zeros up to its end, name and bytes durable, so that a sync in it is of data alone.
#[derive(Debug)]
pub struct Spare<D: Disk> {
    pub(super) file: D::File,
    pub(super) number: u64,
    pub(super) size: u64,
}

impl<D: Disk> SpareOrder<D> {
    /// Makes the segment.
    ///
    /// # Errors
    /// When the disk is full or fails; the half-made file is removed if it can be, and is harmless if it cannot.
    pub fn make(self) -> io::Result<Spare<D>> {
        let file = self.disk.create(&self.name)?;
        let made = fill(&file, self.size).and_then(|()| self.disk.sync_folder());
        if let Err(error) = made {
            let _ = self.disk.remove(&self.name);
            return Err(error);
        }
        Ok(Spare {
            file,
            number: self.number,
            size: self.size,
        })
    }
}

fn fill(file: &impl DiskFile, size: u64) -> io::Result<()> {
    let mut offset = 0;
    while offset < size {
        let left = usize::try_from(size - offset).unwrap_or(usize::MAX);
        write_all(file, &ZEROS[..ZEROS.len().min(left)], offset)?;
        file.sync_data()?;
        offset += ZEROS.len() as u64;
    }
    file.sync_data()
}

/// Writes everything, in as many calls as it takes.
pub(super) fn write_all(file: &impl DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = file.write_at(bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Files that the log no longer needs: a checkpoint covers them.
///
/// Removing them is not urgent and not the log's work: a file that stays is removed at the next start.
#[derive(Debug)]
#[must_use = "the files stay until it is carried out"]
pub struct Removal<D> {
    pub(super) disk: D,
    pub(super) names: Vec<String>,
}

impl<D: Disk> Removal<D> {
    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Removes the files.
    ///
    /// # Errors
    /// The first failure, after trying all.
    pub fn carry_out(self) -> io::Result<()> {
        let mut result = Ok(());
        for name in self.names {
            match self.disk.remove(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    result = result.and(Err(error));
                }
                _ => {}
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wal::RealDisk;

    #[test]
    fn a_segment_has_one_name() {
        assert_eq!(name_of("wal.log", 7), "wal.log.00000007");
        assert_eq!(number_of("wal.log", "wal.log.00000007"), Some(7));
        assert_eq!(number_of("wal.log", "wal.log.123456789"), Some(123_456_789));
        for other in [
            "wal.log",
            "wal.log.7",
            "wal.log.000000007",
            "wal.log.+0000007",
            "wal.log.lock",
            "wal.log.00000007.corrupt-1732560000",
            "other.00000007",
        ] {
            assert_eq!(number_of("wal.log", other), None, "{other}");
        }
    }

    #[test]
    fn a_spare_is_zeros_of_its_size_and_a_removal_passes_over_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let order = SpareOrder {
            disk: disk.clone(),
            name: name_of("wal", 3),
            number: 3,
            size: 300_000,
        };
        order.make().unwrap();
        let bytes = std::fs::read(folder.path().join("wal.00000003")).unwrap();
        assert_eq!(bytes, vec![0; 300_000]);
        let removal = Removal {
            disk,
            names: vec![name_of("wal", 2), name_of("wal", 3)],
        };
        removal.carry_out().unwrap();
        assert!(!folder.path().join("wal.00000003").exists());
    }
}
