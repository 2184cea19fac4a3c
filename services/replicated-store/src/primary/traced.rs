//! The spans of writes on their way to one replica: each from its write until a delivery that has it is answered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use service_kit::{Parent, Span};

use crate::peer::Peer;
use crate::protocol::Stamp;

/// Writes whose way is traced; of more, the oldest have no span.
const MOST: usize = 256;

/// Those that have not been delivered.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<VecDeque<Write>>);

#[derive(Debug)]
struct Write {
    stamp: Stamp,
    parent: Parent,
    began: SystemTime,
}

/// What is being delivered: the spans of the writes in it.
#[derive(Debug)]
#[must_use = "its spans end with `delivered` or `failed`"]
pub(super) struct Delivering<'w> {
    under_way: &'w UnderWay,
    writes: Vec<(Write, Span)>,
}

impl UnderWay {
    /// A write has been done, in the current span if there is one.
    pub(super) fn written(&self, stamp: Stamp) {
        let parent = Parent::current();
        if !parent.is_some() {
            return;
        }
        let mut writes = self.lock();
        if writes.len() >= MOST {
            writes.pop_front();
        }
        writes.push_back(Write {
            stamp,
            parent,
            began: SystemTime::now(),
        });
    }

    /// What was written before a reset is delivered no more.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    /// The state with this stamp goes to `peer`, after so many milliseconds.
    pub(super) fn deliver(&self, peer: &Peer, stamp: Stamp, delay_ms: u64) -> Delivering<'_> {
        let mut waiting = self.lock();
        let in_it = waiting.partition_point(|write| write.stamp <= stamp);
        let writes = waiting.drain(..in_it).map(|write| {
            let name = format!("replicate-to-{}", peer.name);
            let span = write.parent.child_since(name, write.began);
            span.set("replica.url", peer.url.as_str());
            span.set("replica.delay_ms", delay_ms);
            span.set("data.version", write.stamp.version);
            (write, span)
        });
        let writes = writes.collect();
        drop(waiting);
        Delivering {
            under_way: self,
            writes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Write>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivering<'_> {
    /// Sends it, below the span of the newest write in it.
    pub(super) async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        match self.writes.last() {
            Some((_, span)) => span.around(work).await,
            None => work.await,
        }
    }

    /// It was not taken; the writes wait for the next try.
    pub(super) fn failed(self, error: &str) {
        let mut waiting = self.under_way.lock();
        for (write, span) in self.writes.into_iter().rev() {
            span.fail(error);
            waiting.push_front(write);
        }
        waiting.truncate(MOST);
    }
}
