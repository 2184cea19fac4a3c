//! What a primary begins with.

use std::time::Duration;

use super::{Origin, Primary, Snapshot, Stamp};

/// A primary that is starting: it asks the replicas what they hold, and takes up the highest.
///
/// It goes on until all have answered, five seconds at most; whoever asks tries again every 200 ms.
#[derive(Debug)]
pub struct Recovery<T> {
    has_answered: Vec<bool>,
    highest: Snapshot<T>,
}

impl<T: Clone + Default> Recovery<T> {
    /// Longest time that is spent asking.
    pub const PATIENCE: Duration = Duration::from_secs(5);
    /// Time between two questions to a replica that did not answer.
    pub const PAUSE: Duration = Duration::from_millis(200);

    /// Nobody has answered yet.
    pub fn new(replicas: usize) -> Self {
        Self {
            has_answered: vec![false; replicas],
            highest: Snapshot::default(),
        }
    }

    /// A replica holds `held`.
    pub fn heard(&mut self, replica: usize, held: Snapshot<T>) {
        self.has_answered[replica] = true;
        if held.stamp > self.highest.stamp {
            self.highest = held;
        }
    }

    /// Whether a replica has still to answer.
    pub fn is_awaiting(&self, replica: usize) -> bool {
        !self.has_answered[replica]
    }

    /// Whether all replicas have answered.
    pub fn is_complete(&self) -> bool {
        !self.has_answered.contains(&false)
    }

    /// The primary, under an epoch that is higher than any heard of.
    pub fn finish(self, delays: &[Duration], now: Duration, origin: Origin) -> Primary<T> {
        let Snapshot { stamp, contents } = self.highest;
        let stamp = Stamp {
            epoch: origin.epoch_above(stamp.epoch),
            version: stamp.version,
        };
        Primary::new(Snapshot { stamp, contents }, origin, delays, now)
    }
}
