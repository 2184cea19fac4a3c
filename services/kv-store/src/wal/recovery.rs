//! Opens a log: reads checkpoint and segments, decides, and only then changes anything.

use std::collections::VecDeque;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::checkpoint::{self, CheckpointError, CheckpointFile, Mark, UnreadableCheckpoint};
use super::disk::{Disk, DiskFile as _};
use super::log::{Active, Held, Log, LogOptions, SpareState};
use super::record::Action;
use super::repair;
use super::scan::{self, Found, Scan, Seen, Standing};
use super::segment::{self, Spare, SpareOrder};

/// Where the log and its checkpoint are.
#[derive(Debug, Clone)]
pub struct Home<D> {
    /// The folder of the log.
    pub log_disk: D,
    /// The log's name; its segments are called `<name>.<number>`.
    pub log_name: String,
    /// The folder of the checkpoint; it may be the log's.
    pub checkpoint_disk: D,
    /// The checkpoint's file name.
    pub checkpoint_name: String,
}

/// A log that is open, and what was found.
#[derive(Debug)]
pub struct Opened<D: Disk> {
    /// Goes on behind what was found.
    pub log: Log<D>,
    /// The place of the next checkpoint.
    pub checkpoint: CheckpointFile<D>,
    /// What was found.
    pub recovery: Recovery,
}

/// What a recovery found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Where the checkpoint stands.
    pub checkpoint: Mark,
    /// Records applied on top of it.
    pub replayed: u64,
    /// Bytes dropped of a group that nobody was told about.
    pub torn_bytes: u64,
    /// What was acknowledged and cannot be read.
    pub damage: Option<Damage>,
}

/// A record that had been acknowledged and cannot be read; neither can what came after it be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    /// The file it is in.
    pub segment: String,
    /// Where in it.
    pub offset: u64,
    /// The sequence of the first record that cannot be read.
    pub sequence: u64,
    /// Records lost: the intact ones behind it, and it.
    pub lost_entries: u64,
    /// Where what was found is kept.
    pub copies: Vec<String>,
}

impl Recovery {
    /// Acknowledged records that are lost, as far as they can be counted.
    pub fn lost_entries(&self) -> u64 {
        self.damage.as_ref().map_or(0, |damage| damage.lost_entries)
    }
}

/// Why a log cannot be opened. Unless the disk failed while a torn tail was being cut or damage being put aside, every
/// file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The disk fails.
    #[error("cannot recover {name}")]
    Disk {
        /// The file.
        name: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is a checkpoint, and it cannot be used. What it held is nowhere else, so there is nothing to start from.
    #[error("unreadable checkpoint {name}")]
    Checkpoint {
        /// The file.
        name: String,
        /// Why not.
        #[source]
        source: UnreadableCheckpoint,
    },
    /// The log goes on from a checkpoint that is not there.
    #[error(
        "{segment} begins with record {found}, but the checkpoint ends with {checkpoint}: a checkpoint is missing or too old"
    )]
    MissingBefore {
        /// The file.
        segment: String,
        /// The first sequence in it.
        found: u64,
        /// The checkpoint's.
        checkpoint: u64,
    },
    /// The log is of a later generation than the checkpoint.
    #[error(
        "{segment} is of generation {found}, but the checkpoint of {checkpoint}: a checkpoint is missing or too old"
    )]
    NewerGeneration {
        /// The file.
        segment: String,
        /// The record's generation.
        found: u64,
        /// The checkpoint's.
        checkpoint: u64,
    },
    /// An intact record that this version does not understand.
    #[error("record in {segment} at {offset} is not in the form this version writes")]
    Foreign {
        /// The file.
        segment: String,
        /// Where in it.
        offset: u64,
        /// What is not understood.
        #[source]
        source: serde_json::Error,
    },
    /// A file with the name of a segment that never was one.
    #[error("{0} is not a log")]
    NotALog(String),
    /// A file in the log's own name, where this version writes numbered segments.
    #[error("{0} is a log of another version")]
    OtherVersion(String),
}

impl RecoveryError {
    pub(super) fn at(name: &str) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self::Disk {
            name: name.to_owned(),
            source,
        }
    }
}

/// Opens the log, giving every key that is there to `each`: the checkpoint's entries, then the operations since, in
/// their order. `time` names the copies of damaged files.
///
/// Whatever `each` was given is durable when this returns `Ok`, also what a killed process had not synced.
///
/// # Errors
/// See [`RecoveryError`]; what `each` was given is then worth nothing.
pub fn open<D: Disk>(
    home: &Home<D>,
    options: LogOptions,
    time: SystemTime,
    mut each: impl FnMut(&str, Action<'_>),
) -> Result<Opened<D>, RecoveryError> {
    let mark = read_checkpoint(home, |key, value| each(key, Action::Set(value)))?;
    let scan = scan::scan(&home.log_disk, &home.log_name, mark, |seen| {
        if let Seen::Record {
            record,
            standing: Standing::InOrder,
            ..
        } = seen
        {
            each(&record.key, record.action);
        }
    })?;
    let replayed = scan.last - mark.sequence;
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let repaired = repair::settle(&home.log_disk, &scan, seconds)?;
    let temporary = checkpoint::temporary_name(&home.checkpoint_name);
    checkpoint::remove_if_there(&home.checkpoint_disk, &temporary)
        .map_err(RecoveryError::at(&temporary))?;
    let mut checkpoint =
        CheckpointFile::new(home.checkpoint_disk.clone(), &home.checkpoint_name, mark);
    if is_unproven_clear(mark, &scan) {
        confirm_clear(&mut checkpoint, mark, time)
            .map_err(RecoveryError::at(&home.checkpoint_name))?;
    }
    Ok(Opened {
        log: resume(home, options, mark, scan)?,
        checkpoint,
        recovery: Recovery {
            checkpoint: mark,
            replayed,
            torn_bytes: repaired.torn_bytes,
            damage: repaired.damage,
        },
    })
}

/// Whether the store was cleared last, with no record yet to say that the checkpoint that does it is on the disk.
fn is_unproven_clear<F>(mark: Mark, scan: &Scan<F>) -> bool {
    mark.generation > Mark::BEGINNING.generation && scan.last == 0
}

/// Writes the empty checkpoint again. The process that wrote it may have been told that the folder's sync failed: the
/// older checkpoint may then be back after a power cut, and would be too old for the records written from now on.
fn confirm_clear<D: Disk>(
    checkpoint: &mut CheckpointFile<D>,
    mark: Mark,
    time: SystemTime,
) -> io::Result<()> {
    checkpoint
        .write(mark, time, [])
        .map_err(|error| match error {
            CheckpointError::Kept(error) | CheckpointError::Undecided(error) => error,
            CheckpointError::Older => unreachable!("it is the one that was read"),
        })
}

/// Reads the checkpoint alone.
pub(super) fn read_checkpoint<D: Disk>(
    home: &Home<D>,
    each: impl FnMut(&str, &serde_json::value::RawValue),
) -> Result<Mark, RecoveryError> {
    checkpoint::read(&home.checkpoint_disk, &home.checkpoint_name, each).map_err(|source| {
        RecoveryError::Checkpoint {
            name: home.checkpoint_name.clone(),
            source,
        }
    })
}

/// Seals what is there, removes what is not needed, and opens a segment of our own behind it.
///
/// The names found are those that are seen, which a power cut may undo, and after a failed sync of the folder no later
/// one is to be trusted with them. So what the checkpoint covers stays until this process has made a checkpoint; and
/// what is made ready already gets a new name.
fn resume<D: Disk>(
    home: &Home<D>,
    options: LogOptions,
    mark: Mark,
    scan: Scan<D::File>,
) -> Result<Log<D>, RecoveryError> {
    let disk = &home.log_disk;
    let mut next_number = scan.segments.last().map_or(1, |segment| segment.number + 1);
    let used = scan
        .segments
        .iter()
        .rev()
        .find(|segment| !segment.tally.is_zeros);
    let newest_used = used.map_or(0, |segment| segment.number);
    let mut closed = VecDeque::new();
    let mut needless = Vec::new();
    let mut ready: VecDeque<Spare<D>> = VecDeque::new();
    for found in scan.segments {
        let is_ready = found.tally.is_zeros && found.length > 0 && found.number > newest_used;
        if found.tally.entries > 0 {
            closed.push_back(held(&found));
        } else if is_ready && ready.len() < 2 {
            ready.push_back(reuse(home, &found, next_number)?);
            next_number += 1;
        } else if found.tally.last > 0 {
            needless.push(found.name);
        } else {
            repair::remove(disk, &found.name)?;
        }
    }
    let mut log = Log {
        disk: disk.clone(),
        name: home.log_name.clone(),
        options,
        generation: mark.generation,
        sequence: scan.last,
        durable: scan.last,
        closed,
        active: if let Some(spare) = ready.pop_front() {
            Active::new(spare)
        } else {
            next_number += 1;
            Active::new(first(disk, &home.log_name, next_number - 1, options)?)
        },
        needless,
        spare: ready
            .pop_front()
            .map_or(SpareState::Wanted, SpareState::Ready),
        spare_size: options.smallest_segment_bytes,
        next_number,
        is_poisoned: false,
        buffer: Vec::new(),
    };
    log.active.held.last = scan.last;
    disk.sync_folder()
        .map_err(RecoveryError::at(&home.log_name))?;
    Ok(log)
}

fn held<F>(found: &Found<F>) -> Held {
    Held {
        start: found.tally.start,
        end: found.tally.end,
        entries: found.tally.entries,
        last: found.tally.last,
        ..Held::empty(found.number)
    }
}

/// A segment of zeros that a process left before it wrote to it. It may not have come to sync it.
fn reuse<D: Disk>(
    home: &Home<D>,
    found: &Found<D::File>,
    number: u64,
) -> Result<Spare<D>, RecoveryError> {
    let disk = &home.log_disk;
    let name = segment::name_of(&home.log_name, number);
    let take = || {
        disk.rename(&found.name, &name)?;
        let file = disk.open(&name)?;
        file.sync_data()?;
        Ok(file)
    };
    Ok(Spare {
        file: take().map_err(RecoveryError::at(&found.name))?,
        number,
        size: found.length,
    })
}

/// The first segment of this process. On a full disk it has no bytes yet: the store can be read, and written to when
/// space returns.
fn first<D: Disk>(
    disk: &D,
    log: &str,
    number: u64,
    options: LogOptions,
) -> Result<Spare<D>, RecoveryError> {
    let name = segment::name_of(log, number);
    let order = |size| SpareOrder {
        disk: disk.clone(),
        name: name.clone(),
        number,
        size,
    };
    let made = order(options.smallest_segment_bytes).make();
    let is_full = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    };
    match made {
        Err(error) if is_full(&error) => order(0).make(),
        made => made,
    }
    .map_err(RecoveryError::at(&name))
}
