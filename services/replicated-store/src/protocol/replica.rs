//! What a replica takes.

use super::Snapshot;

/// A copy of the primary's state, in memory only: empty at first.
#[derive(Debug, Clone, Default)]
pub struct Replica<T> {
    held: Snapshot<T>,
}

/// What became of a state that was sent to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It was newer and is held now.
    Applied,
    /// It was held already.
    Repeated,
    /// A newer one is held.
    Ignored,
}

impl<T> Replica<T> {
    /// What is held.
    pub fn held(&self) -> &Snapshot<T> {
        &self.held
    }

    /// Takes `sent` if it is newer than what is held.
    pub fn receive(&mut self, sent: Snapshot<T>) -> Receipt {
        if sent.stamp > self.held.stamp {
            self.held = sent;
            return Receipt::Applied;
        }
        if sent.stamp == self.held.stamp {
            Receipt::Repeated
        } else {
            Receipt::Ignored
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Stamp;

    fn state(epoch: u64, version: u64) -> Snapshot<u64> {
        Snapshot {
            stamp: Stamp { epoch, version },
            contents: version,
        }
    }

    #[track_caller]
    fn check(sent: Snapshot<u64>, receipt: Receipt, holds: &Snapshot<u64>) {
        let mut replica = Replica::default();
        replica.receive(state(5, 2));
        assert_eq!(replica.receive(sent), receipt);
        assert_eq!(replica.held(), holds);
    }

    #[test]
    fn only_a_newer_state_is_taken() {
        check(state(5, 3), Receipt::Applied, &state(5, 3));
        check(state(5, 2), Receipt::Repeated, &state(5, 2));
        check(state(5, 1), Receipt::Ignored, &state(5, 2));
        check(state(4, 9), Receipt::Ignored, &state(5, 2));
        check(state(6, 0), Receipt::Applied, &state(6, 0));
    }
}
