//! What the writer is asked, and what it answers when it cannot.

use std::io;
use std::sync::Arc;

use serde_json::value::RawValue;
use service_kit::Parent;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::map::Entry;
use crate::wal::Record;

/// Why a write was not done. The cause is in the log, once for the whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteRefused {
    /// The disk is full; it may be tried again.
    #[error("no space left for the log")]
    NoSpace,
    /// The disk refused; it may be tried again.
    #[error("the log cannot be written")]
    Failed,
    /// The disk failed in a way that leaves open what it has, or the store is closing: no more writes in this life.
    /// The one that met the failure may be there after a restart.
    #[error("no more writes are taken until a restart")]
    Stopped,
    /// Key and value are more than a record of the log can be.
    #[error("key and value are too large")]
    TooLarge,
}

/// Why there is no new checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointRefused {
    /// The store is in memory only.
    #[error("there is no log")]
    NoLog,
    /// It could not be written; log and contents are as they were.
    #[error("the checkpoint cannot be written")]
    Failed,
    /// The store is closing.
    #[error("the store is closing")]
    Stopped,
}

/// What a write came to, and the sequence of its record, if it has one.
pub(super) struct Done<T> {
    pub(super) what: T,
    pub(super) sequence: Option<u64>,
}

pub(super) type Answer<T, E = WriteRefused> = oneshot::Sender<Result<T, E>>;

/// What comes to the writer.
pub(super) enum Message {
    /// From a handle; the permit is its place in the queue.
    Request(Request, OwnedSemaphorePermit),
    /// There are reports.
    Report,
    /// The store is closed: whatever comes later is refused.
    Stop,
}

pub(super) enum Request {
    Set {
        key: Box<str>,
        value: Box<RawValue>,
        /// The span of the checkpoint that it may make due is below this one.
        parent: Parent,
        answer: Answer<Done<Arc<Entry>>>,
    },
    /// Answered with whether the key was there.
    Delete {
        key: Box<str>,
        parent: Parent,
        answer: Answer<Done<bool>>,
    },
    /// Answered with the number of entries that leave the log.
    Checkpoint {
        parent: Parent,
        answer: Answer<u64, CheckpointRefused>,
    },
    Clear {
        answer: Answer<()>,
    },
    ReadLog {
        answer: oneshot::Sender<Option<ReadLog>>,
    },
}

/// Reads the log as it was when it was asked for, on any thread; the disk's type is hidden.
pub type ReadLog = Box<dyn FnOnce(&mut dyn FnMut(&Record<'_>)) -> io::Result<()> + Send>;
