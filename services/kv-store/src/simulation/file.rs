//! One file: what is seen, what is on the disk, and what may have got there in between.

use std::collections::BTreeMap;

use fastrand::Rng;

/// What a disk writes whole or not at all.
pub(super) const SECTOR_BYTES: usize = 512;

/// A sector as it lies on the disk.
type Sector = [u8; SECTOR_BYTES];

/// The contents of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    /// What every call sees: the page cache.
    visible: Vec<u8>,
    /// What is certain to be on the disk.
    durable: Vec<u8>,
    /// For each sector that changed since the last sync, what it was after each of its changes. The disk may have any of
    /// them, or none.
    changed: BTreeMap<usize, Vec<Sector>>,
    /// The lengths since the last sync. The disk may have any of them, or none.
    lengths: Vec<usize>,
}

impl Contents {
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            visible: bytes.clone(),
            durable: bytes,
            ..Self::default()
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.visible
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        let length = self.visible.len();
        if end > length {
            self.visible.resize(end, 0);
        }
        self.visible[offset..end].copy_from_slice(bytes);
        self.note_length();
        self.note_changes(offset.min(length), end);
    }

    pub(super) fn set_length(&mut self, length: usize) {
        let before = self.visible.len();
        if length == before {
            return;
        }
        self.visible.resize(length, 0);
        self.note_length();
        self.note_changes(length.min(before), length.max(before));
    }

    pub(super) fn sync(&mut self) {
        // Not all that is seen: what an earlier sync failed to write is held for clean.
        let length = self.lengths.pop().unwrap_or(self.durable.len());
        let changed = std::mem::take(&mut self.changed);
        let newest = changed
            .iter()
            .filter_map(|(index, versions)| Some((*index, versions.last()?)));
        self.durable = with_sectors(&self.durable, newest, length);
        self.lengths.clear();
    }

    /// A sync that failed: any of the changes may be on the disk, and the system holds all of them for clean, so that no
    /// later sync writes them. It may also have dropped some of what it could not write.
    pub(super) fn fail_sync(&mut self, random: &mut Rng) {
        let on_disk = self.after_power_cut(random);
        let changed = std::mem::take(&mut self.changed);
        self.lengths.clear();
        if random.bool() {
            for index in changed.into_keys().filter(|_| random.bool()) {
                let start = index * SECTOR_BYTES;
                let end = (start + SECTOR_BYTES).min(self.visible.len());
                if start < end {
                    let sector = sector(&on_disk, index);
                    self.visible[start..end].copy_from_slice(&sector[..end - start]);
                }
            }
        }
        self.durable = on_disk;
    }

    /// What the disk may have when the power goes.
    pub(super) fn after_power_cut(&self, random: &mut Rng) -> Vec<u8> {
        let length = self.length_after(random);
        let fate = Fate::draw(random);
        let survivors = self.changed.iter().filter_map(|(index, versions)| {
            let kept = match fate {
                Fate::Nothing => 0,
                Fate::Everything => versions.len(),
                Fate::Any => random.usize(..=versions.len()),
            };
            Some((*index, &versions[kept.checked_sub(1)?]))
        });
        with_sectors(&self.durable, survivors, length)
    }

    fn length_after(&self, random: &mut Rng) -> usize {
        let before = self.durable.len();
        let Some(last) = self.lengths.len().checked_sub(1) else {
            return before;
        };
        match random.u8(..4) {
            0 => before,
            1 => self.lengths[last],
            2 => self.lengths[random.usize(..=last)],
            // A file that grew in one call may have grown in several on the disk.
            _ => {
                let to = self.lengths[random.usize(..=last)];
                let between = random.usize(before.min(to)..=before.max(to));
                (between.div_ceil(SECTOR_BYTES) * SECTOR_BYTES).min(before.max(to))
            }
        }
    }

    fn note_length(&mut self) {
        let length = self.visible.len();
        if *self.lengths.last().unwrap_or(&self.durable.len()) != length {
            self.lengths.push(length);
        }
    }

    fn note_changes(&mut self, start: usize, end: usize) {
        for index in start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES) {
            let sector = sector(&self.visible, index);
            self.changed.entry(index).or_default().push(sector);
        }
    }
}

/// What becomes of the changed sectors of a file; the plain cases are worth drawing often.
#[derive(Clone, Copy)]
enum Fate {
    Nothing,
    Everything,
    Any,
}

impl Fate {
    fn draw(random: &mut Rng) -> Self {
        match random.u8(..8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            _ => Self::Any,
        }
    }
}

/// `bytes` with some sectors changed, then cut or filled up to `length`.
fn with_sectors<'s>(
    bytes: &[u8],
    sectors: impl Iterator<Item = (usize, &'s Sector)>,
    length: usize,
) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(length), 0);
    for (index, sector) in sectors {
        let start = index * SECTOR_BYTES;
        let end = (start + SECTOR_BYTES).min(bytes.len());
        if start < end {
            bytes[start..end].copy_from_slice(&sector[..end - start]);
        }
    }
    bytes.truncate(length);
    bytes
}

/// The sector at `index`; zeros where the file has ended.
fn sector(bytes: &[u8], index: usize) -> Sector {
    let mut sector = [0; SECTOR_BYTES];
    let start = (index * SECTOR_BYTES).min(bytes.len());
    let end = (start + SECTOR_BYTES).min(bytes.len());
    sector[..end - start].copy_from_slice(&bytes[start..end]);
    sector
}
