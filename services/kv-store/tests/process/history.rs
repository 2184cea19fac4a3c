//! What a writer knows of its own keys: the last state that was acknowledged, and the one it was not told about.

use std::collections::BTreeMap;
use std::io;

use crate::client::{Answer, Client};

/// A value's JSON text; none where the key is not there.
type State = Option<String>;

/// The keys of one writer, which nobody else writes.
#[derive(Debug)]
pub(crate) struct History {
    writer: usize,
    keys: BTreeMap<String, Known>,
    next: u64,
    random: fastrand::Rng,
}

#[derive(Debug, Default)]
struct Known {
    acknowledged: State,
    /// Asked for, not answered: done or not.
    unanswered: Option<State>,
}

/// What a verification found.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    pub(crate) keys: usize,
    /// Unanswered writes that turned out to be done, and that must be in the log.
    pub(crate) done: u64,
}

impl History {
    const KEYS: usize = 24;

    pub(crate) fn new(writer: usize, seed: u64) -> Self {
        Self {
            writer,
            keys: BTreeMap::new(),
            next: 0,
            random: fastrand::Rng::with_seed(seed ^ writer as u64),
        }
    }

    /// Writes or deletes one key; says whether that is in the log, now that it is answered.
    pub(crate) fn step(&mut self, client: &mut Client) -> io::Result<bool> {
        self.next += 1;
        let key = format!("w{}-{}", self.writer, self.random.usize(..Self::KEYS));
        let known = self.keys.entry(key.clone()).or_default();
        let state = (self.random.u8(..4) > 0).then(|| {
            format!(
                r#"{{"number":{},"pad":"{}"}}"#,
                self.next,
                "x".repeat(self.random.usize(..300))
            )
        });
        known.unanswered = Some(state.clone());
        let (status, body): Answer = match &state {
            Some(value) => client.set(&key, value)?,
            None => client.delete(&key)?,
        };
        let expected = if state.is_none() && known.acknowledged.is_none() {
            404
        } else {
            200
        };
        assert_eq!(status, expected, "{key}: {body}");
        known.acknowledged = state;
        known.unanswered = None;
        Ok(status == 200)
    }

    /// Compares every key with what the service says. What was not answered is settled by that.
    pub(crate) fn verify(&mut self, client: &mut Client) -> Verified {
        let mut verified = Verified::default();
        for (key, known) in &mut self.keys {
            let (status, body) = client.get(&format!("/kv/{key}")).unwrap();
            let start = format!(r#"{{"key":"{key}","value":"#);
            let value = body.strip_prefix(&start);
            let value = value.and_then(|rest| rest.strip_suffix('}'));
            let found: State = value.map(str::to_owned);
            let expected = if found.is_some() { 200 } else { 404 };
            assert_eq!(status, expected, "{key}: {body}");
            verified.keys += usize::from(found.is_some());
            if found != known.acknowledged {
                assert_eq!(Some(&found), known.unanswered.as_ref(), "{key}: {known:?}");
                verified.done += 1;
            }
            known.acknowledged = found;
            known.unanswered = None;
        }
        verified
    }
}
