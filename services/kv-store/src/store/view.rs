//! What readers see: the contents and the figures, always of one moment.

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::map::Map;
use crate::metrics::Metrics;

/// The figures of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Keys in the store.
    pub items: usize,
    /// Log entries that the start replayed.
    pub recovered_entries: u64,
    /// Acknowledged log entries that the start could not read.
    pub lost_entries: u64,
    /// Of the log, if there is one.
    pub log: Option<LogFigures>,
}

/// The figures of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFigures {
    /// Of the newest operation.
    pub sequence: u64,
    /// Since the last checkpoint began.
    pub entries_since_checkpoint: u64,
    /// How many of them make a checkpoint due.
    pub checkpoint_threshold: u64,
    /// Records in the log.
    pub entries: u64,
    /// What they take.
    pub size_bytes: u64,
}

/// Shared by all handles; locked for as long as a look-up or a group's changes take, never across a wait for the disk.
#[derive(Debug)]
pub(super) struct View(RwLock<Seen>);

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) map: Map,
    pub(super) recovered_entries: u64,
    pub(super) lost_entries: u64,
    pub(super) log: Option<LogFigures>,
}

impl View {
    pub(super) fn new(seen: Seen) -> Self {
        Self(RwLock::new(seen))
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Seen> {
        self.0.read().expect("a group is never half applied")
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Seen> {
        self.0.write().expect("a group is never half applied")
    }
}

impl Seen {
    pub(super) fn stats(&self) -> Stats {
        Stats {
            items: self.map.len(),
            recovered_entries: self.recovered_entries,
            lost_entries: self.lost_entries,
            log: self.log,
        }
    }

    pub(super) fn show(&self, metrics: &Metrics) {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        metrics.items.set(gauge(self.map.len() as u64));
        if let Some(log) = self.log {
            metrics.log_entries.set(gauge(log.entries));
            metrics.log_size_bytes.set(gauge(log.size_bytes));
        }
    }
}
