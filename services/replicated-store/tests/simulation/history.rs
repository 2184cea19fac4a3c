//! What has happened, told apart from the protocol, and what must therefore be so.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use replicated_store::protocol::{Snapshot, Stamp};

/// The writes a state holds, by number.
pub(crate) type Writes = Vec<u32>;

/// Every state that a primary has made, and every write that must still be somewhere.
#[derive(Debug, Default)]
pub(crate) struct History {
    made: HashMap<Stamp, Made>,
    /// Acknowledged, and neither reset nor lost with the last node that had it.
    owed: BTreeSet<u32>,
    /// Acknowledged and then reset.
    gone: BTreeSet<u32>,
    last_reset: Stamp,
    was_clock_set_back: bool,
}

#[derive(Debug)]
struct Made {
    contents: Writes,
    /// From when on each replica may hold it.
    due: Vec<Duration>,
}

impl History {
    /// The primary has made a state, which replicas may hold when it is due there.
    pub(crate) fn made(&mut self, state: &Snapshot<Writes>, due: Vec<Duration>) {
        let contents = state.contents.clone();
        let before = self.made.insert(state.stamp, Made { contents, due });
        assert!(before.is_none(), "two states of {:?}", state.stamp);
        self.check_primary(state);
    }

    pub(crate) fn acknowledged(&mut self, write: u32) {
        if !self.was_clock_set_back {
            self.owed.insert(write);
        }
    }

    /// From now on the highest state need not be the latest.
    pub(crate) fn clock_was_set_back(&mut self) {
        self.was_clock_set_back = true;
        self.owed.clear();
        self.gone.clear();
    }

    pub(crate) fn was_reset(&mut self, stamp: Stamp) {
        self.gone.append(&mut self.owed);
        self.last_reset = stamp;
    }

    /// A primary has begun with `adopted`, having heard of `heard`.
    pub(crate) fn recovered(&mut self, adopted: &Snapshot<Writes>, heard: &[Snapshot<Writes>]) {
        let has = |write: &u32| adopted.contents.contains(write);
        for state in heard {
            let lost = state
                .contents
                .iter()
                .find(|w| self.owed.contains(w) && !has(w));
            assert_eq!(lost, None, "a write that a reachable node had is lost");
            assert!(
                adopted.stamp > state.stamp,
                "no new epoch: {:?}",
                adopted.stamp
            );
        }
        // The others had reached nobody in reach.
        self.owed.retain(has);
        if heard.iter().all(|state| state.stamp < self.last_reset) {
            self.gone.clear();
        }
    }

    /// What the primary holds at any time.
    pub(crate) fn check_primary(&self, state: &Snapshot<Writes>) {
        let has = |write: &&u32| state.contents.contains(write);
        let lost = self.owed.iter().find(|write| !has(write));
        assert_eq!(lost, None, "an acknowledged write is not in the primary");
        let back = self.gone.iter().find(has);
        assert_eq!(back, None, "a write is back from before a reset");
    }

    /// What a replica has just taken.
    pub(crate) fn check_applied(&self, replica: usize, state: &Snapshot<Writes>, now: Duration) {
        let made = &self.made.get(&state.stamp);
        let made = made.unwrap_or_else(|| panic!("nobody made {:?}", state.stamp));
        assert_eq!(made.contents, state.contents, "of {:?}", state.stamp);
        // An empty state is nothing to wait for.
        assert!(
            state.stamp.version == 0 || now >= made.due[replica],
            "{:?} came before its delay",
            state.stamp
        );
    }
}
