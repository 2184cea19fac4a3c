//! Reads the whole log, changes nothing, and says what is in it: what goes on from the checkpoint, and what is wrong.

use super::checkpoint::Mark;
use super::disk::{Disk, DiskFile};
use super::reader::{CANDIDATE_BYTES, Window};
use super::record::{self, NotARecord, Record};
use super::recovery::RecoveryError;
use super::segment;

/// What the segments of a log hold.
#[derive(Debug)]
pub(super) struct Scan<F> {
    /// In the order of their numbers.
    pub(super) segments: Vec<Found<F>>,
    /// The sequence of the newest record in order; the checkpoint's when there is none.
    pub(super) last: u64,
    /// Where the records begin that no mark proves to be on the disk, those that the checkpoint covers among them: it is
    /// seen, which does not prove that it is on the disk.
    pub(super) unproven: Option<Place>,
    /// Where the records in order end before the bytes do.
    pub(super) end: Option<End>,
}

/// One segment.
#[derive(Debug)]
pub(super) struct Found<F> {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) file: F,
    pub(super) length: u64,
    pub(super) tally: Tally,
}

/// What is in a segment.
#[derive(Debug)]
pub(super) struct Tally {
    /// Where the records begin that go on from the checkpoint, and end.
    pub(super) start: u64,
    pub(super) end: u64,
    /// The same of those and what the checkpoint covers.
    pub(super) kept_start: u64,
    pub(super) kept_end: u64,
    /// How many of those there are.
    pub(super) entries: u64,
    /// The sequence of the newest of this generation that can be used.
    pub(super) last: u64,
    /// Intact records of any kind.
    pub(super) intact: u64,
    /// Where the last of those ends.
    pub(super) intact_end: u64,
    pub(super) is_zeros: bool,
}

/// A place in the log: the index of a segment, an offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: usize,
    pub(super) offset: u64,
}

/// An end of the records in order that is not the end of the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) place: Place,
    /// Intact records behind it that can no longer be applied.
    pub(super) stranded: u64,
    /// Some intact record says that the missing one was on the disk: it had been acknowledged.
    pub(super) is_damage: bool,
}

/// What a caller sees as the scan goes on.
pub(super) enum Seen<'a, 'r> {
    /// An intact record.
    Record {
        segment: &'a str,
        offset: u64,
        record: &'a Record<'r>,
        standing: Standing,
    },
    /// Bytes that are neither records nor zeros.
    Unreadable {
        segment: &'a str,
        start: u64,
        end: u64,
    },
}

/// What an intact record is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Goes on from the checkpoint and what is before it.
    InOrder,
    /// The checkpoint has it.
    Covered,
    /// From before the last clear.
    OldGeneration,
    /// Behind a place that cannot be read.
    Stranded,
}

/// Reads every segment of the log `name`, giving to `each` what it meets.
pub(super) fn scan<D: Disk>(
    disk: &D,
    name: &str,
    checkpoint: Mark,
    mut each: impl FnMut(Seen<'_, '_>),
) -> Result<Scan<D::File>, RecoveryError> {
    let mut scanner = Scanner {
        checkpoint,
        expected: checkpoint.sequence + 1,
        proven: 0,
        unproven: None,
        gap: None,
        hole: None,
        is_first: true,
    };
    let mut segments: Vec<Found<D::File>> = Vec::new();
    for (number, name) in names(disk, name)? {
        let mut found = open(disk, number, name)?;
        scanner.read(segments.len(), &mut found, &mut each)?;
        scanner.is_first &= found.tally.is_leftover(checkpoint);
        segments.push(found);
    }
    Ok(Scan {
        segments,
        last: scanner.expected - 1,
        unproven: scanner.unproven,
        end: scanner.end(),
    })
}

fn names(disk: &impl Disk, log: &str) -> Result<Vec<(u64, String)>, RecoveryError> {
    let names = disk
        .names()
        .map_err(RecoveryError::at("the log's folder"))?;
    if names.iter().any(|name| name == log) {
        let file = disk.open_to_read(log).map_err(RecoveryError::at(log))?;
        if file.length().map_err(RecoveryError::at(log))? > 0 {
            return Err(RecoveryError::OtherVersion(log.to_owned()));
        }
    }
    let numbered = |name: String| Some((segment::number_of(log, &name)?, name));
    let mut segments: Vec<_> = names.into_iter().filter_map(numbered).collect();
    segments.sort_unstable();
    Ok(segments)
}

fn open<D: Disk>(disk: &D, number: u64, name: String) -> Result<Found<D::File>, RecoveryError> {
    let file = disk.open_to_read(&name).map_err(RecoveryError::at(&name))?;
    let length = file.length().map_err(RecoveryError::at(&name))?;
    Ok(Found {
        number,
        name,
        file,
        length,
        tally: Tally {
            start: 0,
            end: 0,
            kept_start: 0,
            kept_end: 0,
            entries: 0,
            last: 0,
            intact: 0,
            intact_end: 0,
            is_zeros: true,
        },
    })
}

impl Tally {
    fn note(&mut self, offset: u64, size: usize, record: &Record<'_>, standing: Standing) {
        self.intact += 1;
        self.intact_end = offset + size as u64;
        self.is_zeros = false;
        if matches!(standing, Standing::OldGeneration | Standing::Stranded) {
            return;
        }
        if self.last == 0 {
            self.kept_start = offset;
        }
        self.last = record.sequence;
        self.kept_end = self.intact_end;
        if standing == Standing::InOrder {
            if self.entries == 0 {
                self.start = offset;
            }
            self.entries += 1;
            self.end = self.intact_end;
        }
    }

    /// Segments that only wait to be removed say nothing about what should be before the next.
    fn is_leftover(&self, checkpoint: Mark) -> bool {
        self.intact > 0 && self.entries == 0 && (self.last == 0 || self.last < checkpoint.sequence)
    }
}

struct Scanner {
    checkpoint: Mark,
    /// The sequence that comes next.
    expected: u64,
    /// The highest sequence that an intact record says is on the disk.
    proven: u64,
    unproven: Option<Place>,
    /// Bytes that cannot be read, with no record in order behind them yet.
    gap: Option<Gap>,
    /// A gap with an intact record behind it that is not the one expected.
    hole: Option<Hole>,
    /// Whether no segment so far says that there was anything before it.
    is_first: bool,
}

struct Gap {
    place: Place,
    is_zeros: bool,
}

struct Hole {
    place: Place,
    stranded: u64,
}

impl Scanner {
    fn read<F: DiskFile>(
        &mut self,
        index: usize,
        found: &mut Found<F>,
        each: &mut impl FnMut(Seen<'_, '_>),
    ) -> Result<(), RecoveryError> {
        let disk_error = RecoveryError::at(&found.name);
        let mut window = Window::new(&found.file, 0, found.length);
        let start = window.view(CANDIDATE_BYTES).map_err(&disk_error)?;
        let is_strange = is_strange(start);
        loop {
            let place = Place {
                segment: index,
                offset: window.offset(),
            };
            let size = match window.record().map_err(&disk_error)? {
                Ok((record, size)) => {
                    let standing = self.take(place, &record, &found.name)?;
                    found.tally.note(place.offset, size, &record, standing);
                    each(Seen::Record {
                        segment: &found.name,
                        offset: place.offset,
                        record: &record,
                        standing,
                    });
                    Some(size)
                }
                Err(NotARecord::Foreign(source)) => {
                    return Err(RecoveryError::Foreign {
                        segment: found.name.clone(),
                        offset: place.offset,
                        source,
                    });
                }
                Err(NotARecord::Short | NotARecord::Broken) => None,
            };
            if let Some(size) = size {
                window.advance(size);
            } else if window.view(1).map_err(&disk_error)?.is_empty() {
                break;
            } else {
                let is_zeros = window.seek().map_err(&disk_error)?;
                found.tally.is_zeros &= is_zeros;
                self.pass_over(Gap { place, is_zeros });
                if !is_zeros {
                    each(Seen::Unreadable {
                        segment: &found.name,
                        start: place.offset,
                        end: window.offset(),
                    });
                }
            }
        }
        if is_strange && found.tally.intact == 0 {
            return Err(RecoveryError::NotALog(found.name.clone()));
        }
        Ok(())
    }

    fn pass_over(&mut self, gap: Gap) {
        match &mut self.gap {
            // The zeros behind the records of a segment are not where those of the next went missing.
            Some(before) if !before.is_zeros || before.place.segment == gap.place.segment => {
                before.is_zeros &= gap.is_zeros;
            }
            before => *before = Some(gap),
        }
    }

    fn take(
        &mut self,
        place: Place,
        record: &Record<'_>,
        segment: &str,
    ) -> Result<Standing, RecoveryError> {
        if record.generation > self.checkpoint.generation {
            return Err(RecoveryError::NewerGeneration {
                segment: segment.to_owned(),
                found: record.generation,
                checkpoint: self.checkpoint.generation,
            });
        }
        if record.generation < self.checkpoint.generation {
            return Ok(Standing::OldGeneration);
        }
        self.proven = self.proven.max(record.durable);
        if record.sequence <= self.checkpoint.sequence {
            self.note_unproven(record, place);
            // What cannot be read before it is covered too.
            self.gap = None;
            return Ok(Standing::Covered);
        }
        if let Some(hole) = &mut self.hole {
            hole.stranded += 1;
            return Ok(Standing::Stranded);
        }
        if record.sequence == self.expected {
            self.gap = None;
            self.expected += 1;
            self.note_unproven(record, place);
            return Ok(Standing::InOrder);
        }
        // Behind segments that wait to be removed, the record may also be what a power cut left of a log that is not
        // synced: then it does not say that what is missing was on the disk.
        let is_told = place.segment == 0 || record.durable >= self.expected;
        if self.gap.is_none() && self.is_first && place.offset == 0 && is_told {
            return Err(RecoveryError::MissingBefore {
                segment: segment.to_owned(),
                found: record.sequence,
                checkpoint: self.checkpoint.sequence,
            });
        }
        let place = self.gap.as_ref().map_or(place, |gap| gap.place);
        self.hole = Some(Hole { place, stranded: 1 });
        Ok(Standing::Stranded)
    }

    /// Marks stand where a group or a checkpoint ended, so the records that none proves begin right behind one; where
    /// they do not, more is taken for unproven than is.
    fn note_unproven(&mut self, record: &Record<'_>, place: Place) {
        let is_first = self.unproven.is_none() && record.sequence > self.proven;
        if is_first || record.sequence == self.proven + 1 {
            self.unproven = Some(place);
        }
    }

    fn end(&self) -> Option<End> {
        if let Some(Hole { place, stranded }) = &self.hole {
            return Some(End {
                place: *place,
                stranded: *stranded,
                is_damage: self.proven >= self.expected,
            });
        }
        let torn = self.gap.as_ref().filter(|gap| !gap.is_zeros)?;
        Some(End {
            place: torn.place,
            stranded: 0,
            is_damage: false,
        })
    }
}

/// Whether a file begins as none that we write begins, whole, torn or with a changed byte.
fn is_strange(start: &[u8]) -> bool {
    let is_zero = start
        .iter()
        .take(record::LENGTH_BYTES)
        .all(|&byte| byte == 0);
    let has_length = start.first().is_some_and(|&byte| byte <= 1);
    let has_payload = start.get(record::LENGTH_BYTES..) == Some(record::PAYLOAD_START);
    !(is_zero || has_length || has_payload)
}
