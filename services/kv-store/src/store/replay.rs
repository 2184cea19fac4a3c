//! Recovery on two threads: one reads and checks the log, the other puts what was read into the contents.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use serde_json::value::RawValue;

use crate::map::Map;
use crate::wal::Action;

/// A batch is handed over when it has so many operations, or so many bytes of text.
const BATCH_OPERATIONS: usize = 1024;
const BATCH_BYTES: usize = 1 << 20;
/// Batches between the two threads; the reader waits when there are more.
const BATCHES: usize = 4;

enum Operation {
    Set(Box<str>, Box<RawValue>),
    Delete(Box<str>),
}

/// Where the reading side puts what it meets, in order.
pub(super) struct Replay {
    batch: Vec<Operation>,
    bytes: usize,
    batches: SyncSender<Vec<Operation>>,
}

/// Runs `read` with a [`Replay`] to be fed; gives its answer and the contents that the operations come to.
pub(super) fn replay<R>(read: impl FnOnce(&mut Replay) -> R) -> (R, Map) {
    let (batches, received) = sync_channel(BATCHES);
    thread::scope(|scope| {
        let applied = scope.spawn(move || apply(&received));
        let mut replay = Replay {
            batch: Vec::new(),
            bytes: 0,
            batches,
        };
        let answer = read(&mut replay);
        replay.hand_over();
        drop(replay);
        let contents = applied.join().unwrap_or_else(|panic| resume_unwind(panic));
        (answer, contents)
    })
}

fn apply(batches: &Receiver<Vec<Operation>>) -> Map {
    let mut contents = Map::default();
    for operation in batches.iter().flatten() {
        match operation {
            Operation::Set(key, value) => drop(contents.set(key, value)),
            Operation::Delete(key) => contents.remove(&key),
        }
    }
    contents
}

impl Replay {
    pub(super) fn take(&mut self, key: &str, action: Action<'_>) {
        self.bytes += key.len();
        self.batch.push(match action {
            Action::Set(value) => {
                self.bytes += value.get().len();
                Operation::Set(key.into(), value.to_owned())
            }
            Action::Delete => Operation::Delete(key.into()),
        });
        if self.batch.len() >= BATCH_OPERATIONS || self.bytes >= BATCH_BYTES {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        self.bytes = 0;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_OPERATIONS));
        // The other side ends early only by a panic, which its `join` passes on.
        let _ = self.batches.send(batch);
    }
}
