//! The writes that share one sync, and their answers.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;

use super::request::{Answer, WriteRefused};
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
    time: SystemTime,
    _place: OwnedSemaphorePermit,
}

enum Effect {
    Set(Box<RawValue>, Answer<Arc<Entry>>),
    Delete(Answer<bool>),
    /// A delete of a key that is not there once the writes before it are: no record, but an answer that must wait for them.
    Miss(Answer<bool>),
}

/// Answers that may go out when the contents are unlocked.
#[derive(Default)]
pub(super) struct Answers(Vec<Done>);

enum Done {
    Set(Answer<Arc<Entry>>, Arc<Entry>),
    Delete(Answer<bool>, bool),
}

impl Group {
    pub(super) fn set(
        &mut self,
        key: Box<str>,
        value: Box<RawValue>,
        answer: Answer<Arc<Entry>>,
        place: OwnedSemaphorePermit,
    ) {
        self.records += 1;
        self.bytes += key.len() + value.get().len();
        self.push(key, Effect::Set(value, answer), place);
    }

    pub(super) fn delete(
        &mut self,
        key: Box<str>,
        contents: &Map,
        answer: Answer<bool>,
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
        self.push(key, effect, place);
    }

    fn push(&mut self, key: Box<str>, effect: Effect, place: OwnedSemaphorePermit) {
        self.writes.push(Write {
            key,
            effect,
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

    /// Changes the contents, in the order of the log.
    pub(super) fn apply(self, contents: &mut Map) -> Answers {
        let writes = self.writes.into_iter();
        let done = writes.map(|Write { key, effect, .. }| match effect {
            Effect::Set(value, answer) => Done::Set(answer, contents.set(key, value)),
            Effect::Delete(answer) => {
                contents.remove(&key);
                Done::Delete(answer, true)
            }
            Effect::Miss(answer) => Done::Delete(answer, false),
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
                Done::Set(..) => metrics.logged_sets.inc(),
                Done::Delete(_, true) => metrics.logged_deletes.inc(),
                Done::Delete(_, false) => continue,
            };
        }
    }

    pub(super) fn send(self) {
        for done in self.0 {
            // Who asked may be gone.
            let _ = match done {
                Done::Set(answer, entry) => answer.send(Ok(entry)).is_ok(),
                Done::Delete(answer, was_there) => answer.send(Ok(was_there)).is_ok(),
            };
        }
    }
}
