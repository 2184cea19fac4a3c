//! `until`: looks at what a block has printed so far and says when it is enough.

use std::time::Duration;

use labctl_runbook::{
    Captures, ExitStatus, Observation, Output, Verdict,
    expect::{Claim, Subject},
};

use crate::{
    Captured, Secrets, Stream,
    session::{claims, output::output},
};

/// What is looked at: the first and the last bytes of each stream, so that a look costs the same after a gigabyte.
const HEAD: usize = 64 << 10;
const TAIL: usize = 64 << 10;

/// Watches a running block for its `until` claim.
pub(super) struct Watch<'a> {
    claim: Option<&'a Claim>,
    captures: &'a Captures,
    stdout: Seen,
    stderr: Seen,
}

#[derive(Default)]
struct Seen {
    head: Vec<u8>,
    tail: Vec<u8>,
    omitted_bytes: u64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(claim: Option<&'a Claim>, captures: &'a Captures) -> Self {
        Self {
            // How a block ends, and when, cannot be seen while it runs.
            claim: claim
                .filter(|claim| !matches!(claim.subject, Subject::Exit | Subject::Duration)),
            captures,
            stdout: Seen::default(),
            stderr: Seen::default(),
        }
    }

    /// Takes in what was printed; true as soon as the claim holds. Looks only when a line ended.
    pub(super) fn sees(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let Some(claim) = self.claim else {
            return false;
        };
        match stream {
            Stream::Stdout => self.stdout.push(bytes),
            Stream::Stderr => self.stderr.push(bytes),
        }
        bytes.contains(&b'\n')
            && claims::evaluate(claim, &self.observation(), self.captures) == Verdict::Held
    }

    fn observation(&self) -> Observation {
        Observation {
            exit: ExitStatus::Code(0),
            stdout: self.stdout.lines(),
            stderr: self.stderr.lines(),
            duration: Duration::ZERO,
        }
    }
}

impl Seen {
    fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.omitted_bytes += surplus as u64;
    }

    /// The lines that have ended.
    fn lines(&self) -> Output {
        let mut captured = Captured {
            head: self.head.clone(),
            omitted_bytes: self.omitted_bytes,
            tail: self.tail.clone(),
        };
        let last = if captured.tail.is_empty() {
            &mut captured.head
        } else {
            &mut captured.tail
        };
        let end = last
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        last.truncate(end);
        output(&captured, &Secrets::default())
    }
}
