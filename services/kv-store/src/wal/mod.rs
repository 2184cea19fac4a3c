//! A write-ahead log and its checkpoint, on a disk that may fail.
//!
//! Everything here is synchronous and generic over [`Disk`]; threads, queues and the contents are the caller's. A store
//! is made of it like this:
//!
//! 1. [`FolderLock::acquire`] the log; keep the lock as long as the log.
//! 2. [`open`] gives every entry and every operation since to a closure, repairs the files, and returns a [`Log`], a
//!    [`CheckpointFile`] and what was found ([`Recovery`]).
//! 3. One thread has the `Log`. For each group of waiting writers: [`Log::append`], then apply the group to the
//!    contents, then answer. After an error nothing of the group is applied; every [`AppendError`] but `TooLarge` is a 503.
//! 4. When a checkpoint is due, right behind the record that makes it due: [`Log::cut`] gives the sequence; take a
//!    snapshot of the contents there. Another thread has the `CheckpointFile` and calls [`CheckpointFile::write`] with the
//!    snapshot; when that is `Ok`, the log's thread calls [`Log::covered`], and somebody carries out the [`Removal`] that it
//!    gives. After an error the log and the older checkpoint stand: cut and try again at the next write.
//! 5. After each group, [`Log::spare_order`] may ask for the next segment: [`SpareOrder::make`] it on the other thread, hand
//!    the outcome to [`Log::take_spare`]. Nothing waits for it. A caller without a second thread uses [`Log::prepare`].
//! 6. Clear: let no write in; on the checkpoint's thread (so behind a checkpoint that is running) write an empty
//!    checkpoint with `sequence` 0 and the next generation. `Ok`: [`Log::start_generation`], then empty the contents.
//!    [`CheckpointError::Undecided`]: [`Log::poison`], since a record of the old generation might be behind a checkpoint of
//!    the new one, which drops it. Any other error: nothing happened.
//!
//! Three rules carry the rest. A segment is written by one process and sealed by the next, so no old bytes lie behind new
//! ones. Recovery reads everything before it changes anything. What is missing was lost only if an intact [`Record`] says
//! that it had been on the disk; otherwise nobody was told about it.

mod checkpoint;
mod disk;
mod durability;
mod inspect;
mod lock;
mod log;
mod reader;
mod real_disk;
mod record;
mod recovery;
mod repair;
mod scan;
mod segment;
#[cfg(test)]
mod tests;

pub use checkpoint::{CheckpointError, CheckpointFile, Mark, UnreadableCheckpoint};
pub use disk::{Disk, DiskFile};
pub use durability::Durability;
pub use inspect::{InspectError, Soundness, inspect};
pub use lock::{FolderLock, LockError};
pub use log::{AppendError, Log, LogOptions};
pub use reader::LogReader;
pub use real_disk::{RealDisk, RealFile};
pub use record::{Action, Change, PAYLOAD_LIMIT_BYTES, Record};
pub use recovery::{Damage, Home, Opened, Recovery, RecoveryError, open};
pub use segment::{Removal, Spare, SpareOrder};
