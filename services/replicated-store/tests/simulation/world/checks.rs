//! What is always so, and what is so in the end.

use std::time::Duration;

use replicated_store::protocol::{MAX_PENDING, Snapshot, verdict};

use super::{Node, REPLICAS, World};
use crate::history::Writes;

impl World {
    pub(super) fn check(&mut self) {
        if let Node::Up(primary) = &self.primary {
            self.history.check_primary(primary.current());
            for replica in 0..REPLICAS {
                assert!(primary.pending(replica) <= MAX_PENDING, "memory grows");
            }
        }
        for (replica, seen) in self.replicas.iter().zip(&mut self.seen) {
            if let Some(replica) = replica {
                let stamp = replica.held().stamp;
                assert!(
                    stamp >= *seen,
                    "a replica went back from {seen:?} to {stamp:?}"
                );
                *seen = stamp;
            }
        }
    }

    pub(super) fn calm(&mut self) {
        self.tell(|| "calm".to_owned());
        self.network.calm();
        for replica in 0..REPLICAS {
            self.start_replica(replica);
        }
        self.start_primary();
    }

    pub(super) fn check_converged(&mut self) {
        let Node::Up(primary) = &self.primary else {
            panic!("the primary is not up again");
        };
        let current = primary.current().clone();
        for (index, replica) in self.replicas.iter().enumerate() {
            let held = replica.as_ref().expect("all are up").held();
            let is_same = held.contents == current.contents;
            assert!(
                is_same,
                "replica {index} has {held:?}, the primary {current:?}"
            );
            assert!(
                held.stamp.is_same_state(current.stamp),
                "{held:?} {current:?}"
            );
        }
        self.start_reading();
        self.run_until(self.now + Duration::from_secs(1));
    }

    pub(super) fn check_claims(&mut self, states: &[Option<Snapshot<Writes>>]) {
        let stamps: Vec<_> = states.iter().map(|s| s.as_ref().map(|s| s.stamp)).collect();
        if verdict::all_consistent(stamps[0], &stamps[1..]) {
            self.counts.all_consistent += 1;
            let contents: Vec<_> = states.iter().flatten().map(|s| &s.contents).collect();
            assert_eq!(contents.len(), 1 + REPLICAS, "consistent without a node");
            let is_same = contents.iter().all(|other| *other == contents[0]);
            assert!(is_same, "not consistent: {states:?}");
        } else {
            self.counts.inconsistent += 1;
        }
        for (stamp, write) in self.acknowledged.iter().rev().take(5) {
            for state in states[1..].iter().flatten() {
                let has = state.contents.contains(write);
                if state.stamp.includes(*stamp) {
                    self.counts.has_new_data += 1;
                    assert!(has, "write {write} of {stamp:?} is not in {state:?}");
                } else {
                    self.counts.stale += 1;
                    let is_known = state.stamp.epoch == stamp.epoch;
                    assert!(
                        !is_known || !has,
                        "{state:?} has write {write} of {stamp:?}"
                    );
                }
            }
        }
    }
}
