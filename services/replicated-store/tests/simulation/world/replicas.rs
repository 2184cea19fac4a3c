//! The replicas: what reaches them, and their starts.

use replicated_store::protocol::{Receipt, Replica, Stamp};

use super::World;
use super::event::{Load, Message, What};
use crate::network::Way;

impl World {
    pub(super) fn arrive(&mut self, message: Message, replica: usize) {
        if self.network.is_cut(replica) {
            return;
        }
        let load = match (&mut self.replicas[replica], message.load) {
            (None, _) => Load::Refused,
            (Some(node), Load::Deliver(state)) => {
                let receipt = node.receive(state);
                let held = node.held().clone();
                self.tell(|| format!("replica {replica}: {receipt:?}, holds {held:?}"));
                match receipt {
                    Receipt::Applied => {
                        self.counts.applied += 1;
                        self.history.check_applied(replica, &held, self.now);
                    }
                    Receipt::Repeated => self.counts.repeated += 1,
                    Receipt::Ignored => self.counts.ignored += 1,
                }
                Load::Held(held.stamp)
            }
            (Some(node), Load::Ask) => Load::Held(node.held().stamp),
            (Some(node), Load::AskForState) => Load::State(node.held().clone()),
            (Some(_), Load::Held(_) | Load::State(_) | Load::Refused) => unreachable!("an answer"),
        };
        let message = Message { load, ..message };
        for latency in self.network.send(replica, Way::ToPrimary, &mut self.rng) {
            let message = message.clone();
            self.schedule(self.now + latency, What::Answer { message, replica });
        }
    }

    pub(super) fn start_replica(&mut self, replica: usize) {
        if self.replicas[replica].is_none() {
            self.tell(|| format!("replica {replica} starts"));
            self.replicas[replica] = Some(Replica::default());
            self.seen[replica] = Stamp::default();
        }
    }
}
