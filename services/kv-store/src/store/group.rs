//! The writes that share one sync, and their answers.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::value::RawValue;
use service_kit::Parent;
use tokio::sync::OwnedSemaphorePermit;

use super::request::{Answer, Done, WriteRefused};
use crate::map::{Entry, Map};
use crate::metrics::Metrics;
use crate::wal::{Action, Change};

/// What is in a group is not in the contents yet, save for its end.
#[derive(Default)]
pub(super) struct Group {
    writes: Vec<Write>,
    records: u64,
    bytes: usize,
}

struct Write {
    key: Box<str>,
    effect: Effect,
    parent: Parent,
    time: SystemTime,
    _place: OwnedSemaphorePermit,
}

enum Effect {
    Set(Box<RawValue>, Answer<Done<Arc<Entry>>>),
    Delete(Answer<Done<bool>>),
    /// A delete of a key that is not there once the writes before it are: no record, but an answer that must wait for them.
    Miss(Answer<Done<bool>>),
}

/// Answers that may go out when the contents are unlocked.
#[derive(Default)]
pub(super) struct Answers(Vec<Answered>);

enum Answered {
    Set(Answer<Done<Arc<Entry>>>, Done<Arc<Entry>>),
    Delete(Answer<Done<bool>>, Done<bool>),
}

impl Group {
    pub(super) fn set(
        &mut self,
        key: Box<str>,
        value: Box<RawValue>,
        parent: Parent,
        answer: Answer<Done<Arc<Entry>>>,
        place: OwnedSemaphorePermit,
    ) {
        self.records += 1;
        self.bytes += key.len() + value.get().len();
        self.push(key, Effect::Set(value, answer), parent, place);
    }

    pub(super) fn delete(
        &mut self,
        key: Box<str>,
        contents: &Map,
        parent: Parent,
        answer: Answer<Done<bool>>,
        place: OwnedSemaphorePermit,
    ) {
        // A group is short, and few of its writes are deletes.
        let earlier = self.writes.iter().rev().find(|write| write.key == key);
        let is_there = match earlier.map(|write| &write.effect) {
            Some(Effect::Set(..)) => true,
            Some(Effect::Delete(_) | Effect::Miss(_)) => false,
            None => contents.contains(&key),
        };
        let effect = if is_there {
            self.records += 1;
            self.bytes += key.len();
            Effect::Delete(answer)
        } else {
            Effect::Miss(answer)
        };
        self.push(key, effect, parent, place);
    }

    fn push(&mut self, key: Box<str>, effect: Effect, parent: Parent, place: OwnedSemaphorePermit) {
        self.writes.push(Write {
            key,
            effect,
            parent,
            time: SystemTime::now(),
            _place: place,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// How many records it becomes.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// About how many bytes the log gets.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The records, in order.
    pub(super) fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.writes.iter().filter_map(|write| {
            let action = match &write.effect {
                Effect::Set(value, _) => Action::Set(value),
                Effect::Delete(_) => Action::Delete,
                Effect::Miss(_) => return None,
            };
            Some(Change {
                key: &write.key,
                action,
                time: write.time,
            })
        })
    }

    /// The span that a checkpoint is below which the last record makes due.
    pub(super) fn parent(&self) -> Parent {
        let mut records = self.writes.iter().rev();
        let last = records.find(|write| !matches!(write.effect, Effect::Miss(_)));
        last.map(|write| write.parent.clone()).unwrap_or_default()
    }

    /// Changes the contents, in the order of the log. `last`: the sequence of the last record, if there is a log.
    pub(super) fn apply(self, contents: &mut Map, last: Option<u64>) -> Answers {
        let mut sequence = last.map(|last| last - self.records);
        let mut record = || {
            sequence = sequence.map(|sequence| sequence + 1);
            sequence
        };
        let writes = self.writes.into_iter();
        let done = writes.map(|Write { key, effect, .. }| match effect {
            Effect::Set(value, answer) => {
                let what = contents.set(key, value);
                let sequence = record();
                Answered::Set(answer, Done { what, sequence })
            }
            Effect::Delete(answer) => {
                contents.remove(&key);
                let (what, sequence) = (true, record());
                Answered::Delete(answer, Done { what, sequence })
            }
            Effect::Miss(answer) => {
                let (what, sequence) = (false, None);
                Answered::Delete(answer, Done { what, sequence })
            }
        });
        Answers(done.collect())
    }

    /// Answers everybody that nothing was done.
    pub(super) fn refuse(self, reason: WriteRefused) {
        for write in self.writes {
            // Who asked may be gone.
            let _ = match write.effect {
                Effect::Set(_, answer) => answer.send(Err(reason)).is_ok(),
                Effect::Delete(answer) | Effect::Miss(answer) => answer.send(Err(reason)).is_ok(),
            };
        }
    }
}

impl Answers {
    /// Counts the records of the log.
    pub(super) fn count_logged(&self, metrics: &Metrics) {
        for done in &self.0 {
            match done {
                Answered::Set(..) => metrics.logged_sets.inc(),
                Answered::Delete(_, Done { what: true, .. }) => metrics.logged_deletes.inc(),
                Answered::Delete(_, Done { what: false, .. }) => continue,
            };
        }
    }

    pub(super) fn send(self) {
        for done in self.0 {
            // Who asked may be gone.
            let _ = match done {
                Answered::Set(answer, done) => answer.send(Ok(done)).is_ok(),
                Answered::Delete(answer, done) => answer.send(Ok(done)).is_ok(),
            };
        }
    }
}
