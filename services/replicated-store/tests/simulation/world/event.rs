//! What may happen next, and when.

use std::time::Duration;

use replicated_store::protocol::{Snapshot, Stamp};

use crate::history::Writes;

#[derive(Debug)]
pub(super) struct Event {
    pub(super) at: Duration,
    /// Breaks ties.
    pub(super) order: u64,
    pub(super) what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[derive(Debug)]
pub(super) enum What {
    Drive {
        replica: usize,
    },
    Arrive {
        message: Message,
        replica: usize,
    },
    Answer {
        message: Message,
        replica: usize,
    },
    GiveUp {
        incarnation: u32,
        replica: usize,
        message: u64,
    },
    AskForState {
        incarnation: u32,
        replica: usize,
    },
    EndRecovery {
        incarnation: u32,
    },
    Trouble,
    StartPrimary,
    StartReplica {
        replica: usize,
    },
    Mend {
        link: usize,
    },
    Read {
        reader: u64,
        node: usize,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) incarnation: u32,
    pub(super) number: u64,
    pub(super) load: Load,
}

#[derive(Debug, Clone)]
pub(super) enum Load {
    Deliver(Snapshot<Writes>),
    Ask,
    AskForState,
    Held(Stamp),
    State(Snapshot<Writes>),
    Refused,
}
