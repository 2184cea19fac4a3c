//! The spans of attempts at an entry: each further one is inside the one that failed, as is the pause before it.

use std::time::SystemTime;

use service_kit::Span;
use write_behind_queue::{Entry, Operation};

/// The attempts at one entry so far, which end with this, the last one first.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Vec<Span>);

impl Attempts {
    /// The next attempt at `entry`, the one numbered `attempt`, from 1.
    pub(crate) fn next(&mut self, entry: &Entry, origin: &str, attempt: u32) -> &Span {
        let name = name(entry);
        let span = match self.0.last() {
            Some(failed) => failed.below(name),
            None => Span::child(name),
        };
        describe(&span, entry, origin, attempt);
        self.0.push(span);
        &self.0[self.0.len() - 1]
    }
}

impl Drop for Attempts {
    fn drop(&mut self) {
        while self.0.pop().is_some() {}
    }
}

/// The first attempt at an entry that was tried with others in one statement, begun at `began`.
pub(crate) fn together(entry: &Entry, origin: &str, began: SystemTime, failed: Option<&str>) {
    let span = Span::child_since(name(entry), began);
    describe(&span, entry, origin, 1);
    ended(&span, failed);
}

/// What came of an attempt.
pub(crate) fn ended(span: &Span, failed: Option<&str>) {
    span.set("success", failed.is_none());
    if let Some(error) = failed {
        span.set("error", error);
        span.mark_failed();
    }
}

fn describe(span: &Span, entry: &Entry, origin: &str, attempt: u32) {
    span.link_to(origin);
    span.set("entity.id", entry.operation.id());
    span.set("attempt", attempt);
    span.set("coalesced_count", entry.coalesced_count);
}

fn name(entry: &Entry) -> &'static str {
    match entry.operation {
        Operation::Insert(_) => "process_insert",
        Operation::Update(_) => "process_update",
        Operation::Delete(_) => "process_delete",
    }
}
