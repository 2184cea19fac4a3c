//! The open log: appends groups of records, tells which files a checkpoint has made needless.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use super::disk::{Disk, DiskFile};
use super::durability::Durability;
use super::reader::{LogReader, Stretch};
use super::record::{self, Change, Position};
use super::segment::{self, Removal, Spare, SpareOrder};

/// How the log behaves.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// The size a segment is made ready with at first; later ones follow what the last one held.
    pub smallest_segment_bytes: u64,
    /// The size above which none is made ready. A segment without a successor grows past it.
    pub largest_segment_bytes: u64,
}

impl LogOptions {
    /// The sizes that serve from a record a minute to hundreds of thousands a second.
    pub fn new(durability: Durability) -> Self {
        Self {
            durability,
            smallest_segment_bytes: 64 << 10,
            largest_segment_bytes: 16 << 20,
        }
    }
}

/// Why a group is not in the log.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// There is no space. Nothing of the group is in the log; it may be tried again.
    #[error("no space left for the log")]
    NoSpace(#[source] io::Error),
    /// The disk refused the write. Nothing of the group is in the log; it may be tried again.
    #[error("cannot write to the log")]
    Write(#[source] io::Error),
    /// A record is larger than the format allows. Nothing of the group is in the log.
    #[error("record larger than {} bytes", record::PAYLOAD_LIMIT_BYTES)]
    TooLarge,
    /// The disk failed in a way that leaves open what it has of the group. The log takes no more until it is opened
    /// anew, and only that tells whether the group is in it.
    #[error("the disk cannot say what it has of the log; no more writes until a restart")]
    Unsettled(#[source] io::Error),
    /// An earlier failure of the disk: the log takes nothing until it is opened anew. Nothing was written.
    #[error("the log takes no more writes until a restart, after an earlier failure of the disk")]
    Poisoned,
}

/// The open log, for one thread.
///
/// A group appended is in the log, and durable as [`Durability`] says, when [`append`](Log::append) returns `Ok`.
/// Sequences are used up only then.
#[derive(Debug)]
pub struct Log<D: Disk> {
    pub(super) disk: D,
    pub(super) name: String,
    pub(super) options: LogOptions,
    pub(super) generation: u64,
    /// Of the newest record.
    pub(super) sequence: u64,
    /// The newest that is known to be on the disk, in a segment or a checkpoint.
    pub(super) durable: u64,
    /// Left by rolling, oldest first; not covered.
    pub(super) closed: VecDeque<Held>,
    pub(super) active: Active<D::File>,
    /// Closed and covered; not yet handed out for removal.
    pub(super) needless: Vec<String>,
    pub(super) spare: SpareState<D>,
    /// The size of the next spare.
    pub(super) spare_size: u64,
    pub(super) next_number: u64,
    pub(super) is_poisoned: bool,
    /// The group being written; kept for its memory.
    pub(super) buffer: Vec<u8>,
}

/// The segment that takes records.
#[derive(Debug)]
pub(super) struct Active<F> {
    pub(super) file: F,
    /// Up to here bytes are made ready.
    pub(super) length: u64,
    pub(super) held: Held,
}

/// What a segment holds for us.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) number: u64,
    /// The stretch with records that no checkpoint covers.
    pub(super) start: u64,
    pub(super) end: u64,
    /// Records in that stretch.
    pub(super) entries: u64,
    /// The sequence of its newest record.
    pub(super) last: u64,
    /// Where the last cut was: a checkpoint may come to cover what is before it.
    pub(super) cut: Option<CutMark>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct CutMark {
    sequence: u64,
    end: u64,
    entries: u64,
}

impl<F> Active<F> {
    pub(super) fn new<D: Disk<File = F>>(spare: Spare<D>) -> Self {
        Self {
            file: spare.file,
            length: spare.size,
            held: Held::empty(spare.number),
        }
    }
}

impl Held {
    pub(super) fn empty(number: u64) -> Self {
        Self {
            number,
            start: 0,
            end: 0,
            entries: 0,
            last: 0,
            cut: None,
        }
    }

    /// Lets go of what a checkpoint covers.
    fn cover(&mut self, covered: u64) {
        if self.last <= covered {
            self.start = self.end;
            self.entries = 0;
        } else if let Some(cut) = self.cut.filter(|cut| cut.sequence <= covered)
            && cut.end > self.start
        {
            self.start = cut.end;
            self.entries -= cut.entries;
        }
    }

    fn cut(&mut self) {
        self.cut = Some(CutMark {
            sequence: self.last,
            end: self.end,
            entries: self.entries,
        });
    }
}

#[derive(Debug)]
pub(super) enum SpareState<D: Disk> {
    Wanted,
    Ordered,
    Ready(Spare<D>),
    /// The last one could not be made; another is wanted at the next cut, or when the active segment is this long.
    Failed {
        retry_at: u64,
    },
}

impl<D: Disk> Log<D> {
    /// Puts a group of changes into the log: one write, one sync. Gives their sequences, in their order.
    ///
    /// # Errors
    /// See [`AppendError`]; after each, the log has none of the group, save where it cannot be known.
    pub fn append<'a>(
        &mut self,
        changes: impl IntoIterator<Item = Change<'a>>,
    ) -> Result<Range<u64>, AppendError> {
        if self.is_poisoned {
            return Err(AppendError::Poisoned);
        }
        let first = self.sequence + 1;
        let mut next = first;
        self.buffer.clear();
        for change in changes {
            let position = Position {
                sequence: next,
                generation: self.generation,
                durable: self.durable,
            };
            if !record::encode(&mut self.buffer, &change, position) {
                return Err(AppendError::TooLarge);
            }
            next += 1;
        }
        if next > first {
            self.write_group()?;
            self.sequence = next - 1;
            let held = &mut self.active.held;
            held.end += self.buffer.len() as u64;
            held.entries += next - first;
            held.last = self.sequence;
            if self.options.durability == Durability::Disk {
                self.durable = self.sequence;
            }
        }
        Ok(first..next)
    }

    /// Marks the place behind the newest record, which a checkpoint may come to cover; gives that record's sequence.
    ///
    /// Later records go to the next segment, if it is ready.
    pub fn cut(&mut self) -> u64 {
        if self.active.held.entries > 0 {
            self.active.held.cut();
            self.want_spare_again();
        }
        self.sequence
    }

    /// A checkpoint of this generation is durable and has every operation up to `sequence`: those leave the log.
    ///
    /// The files they were in are handed out to be removed, by whom and when one likes.
    pub fn covered(&mut self, sequence: u64) -> Removal<D> {
        self.durable = self.durable.max(sequence.min(self.sequence));
        for segment in &mut self.closed {
            segment.cover(sequence);
        }
        self.active.held.cover(sequence);
        if self.active.held.entries == 0 {
            self.roll();
        }
        while let Some(segment) = self.closed.pop_front_if(|segment| segment.entries == 0) {
            self.needless
                .push(segment::name_of(&self.name, segment.number));
        }
        self.removal()
    }

    /// A checkpoint of `generation`, which is above the log's, is durable and is empty: the log begins anew with
    /// sequence 1.
    pub fn start_generation(&mut self, generation: u64) -> Removal<D> {
        debug_assert!(generation > self.generation);
        let closed = self.closed.drain(..);
        self.needless
            .extend(closed.map(|s| segment::name_of(&self.name, s.number)));
        self.generation = generation;
        self.sequence = 0;
        self.durable = 0;
        let held = &mut self.active.held;
        held.cover(u64::MAX);
        held.last = 0;
        if held.end > 0 {
            // Moves the new generation to its own segment, now or when there is one.
            held.cut();
            self.roll();
        }
        self.removal()
    }

    /// Takes no more writes until the log is opened anew: for a caller who no longer knows what the disk has, as after
    /// [`CheckpointError::Undecided`](super::CheckpointError::Undecided) in a clear.
    pub fn poison(&mut self) {
        self.is_poisoned = true;
    }

    /// The next segment to be made ready, if none is and none is being made.
    pub fn spare_order(&mut self) -> Option<SpareOrder<D>> {
        if !matches!(self.spare, SpareState::Wanted) || self.is_poisoned {
            return None;
        }
        self.spare = SpareState::Ordered;
        let number = self.next_number;
        self.next_number += 1;
        Some(SpareOrder {
            disk: self.disk.clone(),
            name: segment::name_of(&self.name, number),
            number,
            size: self.spare_size,
        })
    }

    /// Takes what became of a [`SpareOrder`]. Without a spare the log grows where it is, more slowly.
    ///
    /// # Errors
    /// The order's own, to be logged.
    pub fn take_spare(&mut self, made: io::Result<Spare<D>>) -> io::Result<()> {
        let retry_at = self.active.held.end + self.options.smallest_segment_bytes;
        let spare = made.inspect_err(|_| self.spare = SpareState::Failed { retry_at })?;
        self.spare = SpareState::Ready(spare);
        Ok(())
    }

    /// Makes the next segment ready here and now, for a caller without a second thread.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn prepare(&mut self) -> io::Result<()> {
        match self.spare_order() {
            Some(order) => {
                let made = order.make();
                self.take_spare(made)
            }
            None => Ok(()),
        }
    }

    /// The sequence of the newest record, 0 before the first of a generation.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The generation that new records belong to.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many records are in the log: those that no checkpoint covers.
    pub fn entries(&self) -> u64 {
        self.held().map(|segment| segment.entries).sum()
    }

    /// How many bytes those records take.
    pub fn size_bytes(&self) -> u64 {
        self.held().map(|segment| segment.end - segment.start).sum()
    }

    /// Whether the log takes no more writes until it is opened anew.
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    /// A view of the records that are in the log now, to be read on any thread.
    pub fn reader(&self) -> LogReader<D> {
        let stretches = self.held().map(|segment| Stretch {
            name: segment::name_of(&self.name, segment.number),
            start: segment.start,
            end: segment.end,
        });
        LogReader::new(self.disk.clone(), stretches.collect())
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.closed.iter().chain([&self.active.held])
    }

    fn write_group(&mut self) -> Result<(), AppendError> {
        let size = self.buffer.len() as u64;
        let is_full = self.active.held.end + size > self.active.length;
        if is_full || self.active.held.cut.is_some() {
            self.roll();
        }
        let active = &mut self.active;
        let offset = active.held.end;
        let written = match active.file.write_at(&self.buffer, offset) {
            Ok(written) if written == self.buffer.len() => Ok(()),
            // What keeps a disk from taking the rest is that it is full.
            Ok(_) => Err(io::ErrorKind::StorageFull.into()),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            return Err(self.take_back(error));
        }
        active.length = active.length.max(offset + size);
        if self.options.durability == Durability::Disk
            && let Err(error) = active.file.sync_data()
        {
            self.is_poisoned = true;
            return Err(AppendError::Unsettled(error));
        }
        Ok(())
    }

    /// Cuts off what a failed write may have left, for good: were it back after a power cut, behind the record that is
    /// written there next, it would be a state that never was.
    fn take_back(&mut self, error: io::Error) -> AppendError {
        let active = &mut self.active;
        let cut = active.file.set_length(active.held.end);
        if let Err(error) = cut.and_then(|()| active.file.sync_data()) {
            self.is_poisoned = true;
            return AppendError::Unsettled(error);
        }
        active.length = active.held.end;
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                AppendError::NoSpace(error)
            }
            _ => AppendError::Write(error),
        }
    }

    /// Goes on in the spare, if there is one and the active segment has been used.
    fn roll(&mut self) {
        let used = self.active.held.end;
        if let SpareState::Failed { retry_at } = self.spare
            && used >= retry_at
        {
            self.want_spare_again();
        }
        if used == 0 {
            return;
        }
        let Some(spare) = self.spare.take_if_ready() else {
            return;
        };
        let left = std::mem::replace(&mut self.active, Active::new(spare)).held;
        self.spare_size = (used * 2).next_power_of_two().clamp(
            self.options.smallest_segment_bytes,
            self.options.largest_segment_bytes,
        );
        if left.entries == 0 {
            self.needless
                .push(segment::name_of(&self.name, left.number));
        } else {
            self.closed.push_back(left);
        }
    }

    fn want_spare_again(&mut self) {
        if matches!(self.spare, SpareState::Failed { .. }) {
            self.spare = SpareState::Wanted;
        }
    }

    fn removal(&mut self) -> Removal<D> {
        Removal {
            disk: self.disk.clone(),
            names: std::mem::take(&mut self.needless),
        }
    }
}

impl<D: Disk> SpareState<D> {
    fn take_if_ready(&mut self) -> Option<Spare<D>> {
        match std::mem::replace(self, Self::Wanted) {
            Self::Ready(spare) => Some(spare),
            other => {
                *self = other;
                None
            }
        }
    }
}
