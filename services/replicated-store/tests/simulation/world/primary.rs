//! The primary: its starts, its senders, and what comes back to it.

use std::time::Duration;

use replicated_store::protocol::{Origin, Recovery, Snapshot, Step};

use super::event::{Load, Message, What};
use super::{Node, REPLICAS, RPC_PATIENCE, UnderWay, World};
use crate::history::Writes;
use crate::network::Way;

impl World {
    pub(super) fn start_primary(&mut self) {
        if !matches!(self.primary, Node::Down) {
            return;
        }
        self.incarnation += 1;
        let incarnation = self.incarnation;
        self.tell(|| format!("primary starts, clock {}", self.clock_ms));
        self.primary = Node::Starting {
            recovery: Recovery::new(REPLICAS),
            heard: Vec::new(),
            is_steady: (0..REPLICAS).map(|r| self.is_in_reach(r)).collect(),
        };
        for replica in 0..REPLICAS {
            self.ask_for_state(incarnation, replica);
        }
        let end = self.now + Recovery::<Writes>::PATIENCE;
        self.schedule(end, What::EndRecovery { incarnation });
    }

    pub(super) fn is_in_reach(&self, replica: usize) -> bool {
        self.replicas[replica].is_some() && !self.network.is_cut(replica)
    }

    pub(super) fn ask_for_state(&mut self, incarnation: u32, replica: usize) {
        let Node::Starting { recovery, .. } = &self.primary else {
            return;
        };
        if incarnation == self.incarnation && recovery.is_awaiting(replica) {
            self.send(replica, Load::AskForState);
            let again = self.now + Recovery::<Writes>::PAUSE;
            self.schedule(
                again,
                What::AskForState {
                    incarnation,
                    replica,
                },
            );
        }
    }

    pub(super) fn heard(&mut self, replica: usize, state: Snapshot<Writes>) {
        let Node::Starting {
            recovery, heard, ..
        } = &mut self.primary
        else {
            return;
        };
        if recovery.is_awaiting(replica) {
            heard.push(state.clone());
            recovery.heard(replica, state);
            if recovery.is_complete() {
                self.end_recovery();
            }
        }
    }

    pub(super) fn end_recovery(&mut self) {
        if !matches!(self.primary, Node::Starting { .. }) {
            return;
        }
        let Node::Starting {
            recovery,
            heard,
            is_steady,
        } = std::mem::replace(&mut self.primary, Node::Down)
        else {
            unreachable!("it was so above");
        };
        for (replica, is_steady) in is_steady.into_iter().enumerate() {
            let is_heard = !recovery.is_awaiting(replica);
            assert!(is_heard || !is_steady, "a replica in reach was not heard");
        }
        self.counts.recoveries += 1;
        self.counts.partial_recoveries += u64::from(!recovery.is_complete());
        let origin = Origin {
            clock_ms: self.clock_ms,
            salt: self.rng.u16(..),
        };
        let primary = recovery.finish(&self.delays, self.now, origin);
        self.tell(|| format!("primary begins with {:?}", primary.current()));
        self.history.recovered(primary.current(), &heard);
        self.history.made(primary.current(), self.due());
        self.primary = Node::Up(primary);
        self.drive_all();
    }

    pub(super) fn due(&self) -> Vec<Duration> {
        self.delays.iter().map(|delay| self.now + *delay).collect()
    }

    pub(super) fn drive_all(&mut self) {
        for replica in 0..REPLICAS {
            self.drive(replica);
        }
    }

    pub(super) fn wake(&mut self) {
        for replica in 0..REPLICAS {
            if matches!(&self.primary, Node::Up(primary) if primary.must_wake(replica)) {
                self.drive(replica);
            }
        }
    }

    pub(super) fn drive(&mut self, replica: usize) {
        let Node::Up(primary) = &mut self.primary else {
            return;
        };
        if self.under_way[replica].is_some() {
            return;
        }
        let (load, delivery) = match primary.next(replica, self.now) {
            Step::WaitUntil(at) => {
                assert!(at > self.now, "waiting for the past");
                self.waits_until[replica] = at;
                return self.schedule(at, What::Drive { replica });
            }
            Step::Deliver(delivery) => (Load::Deliver(delivery.snapshot.clone()), Some(delivery)),
            Step::Ask => (Load::Ask, None),
        };
        let message = self.send(replica, load);
        self.under_way[replica] = Some(UnderWay { message, delivery });
        let incarnation = self.incarnation;
        self.schedule(
            self.now + RPC_PATIENCE,
            What::GiveUp {
                incarnation,
                replica,
                message,
            },
        );
    }

    pub(super) fn send(&mut self, replica: usize, load: Load) -> u64 {
        self.next_message += 1;
        let message = Message {
            incarnation: self.incarnation,
            number: self.next_message,
            load,
        };
        for latency in self.network.send(replica, Way::ToReplica, &mut self.rng) {
            let message = message.clone();
            self.schedule(self.now + latency, What::Arrive { message, replica });
        }
        self.next_message
    }

    pub(super) fn give_up(&mut self, replica: usize, message: u64) {
        let Some(under_way) = self.under_way[replica].take_if(|u| u.message == message) else {
            return;
        };
        self.counts.failures += 1;
        if let Node::Up(primary) = &mut self.primary {
            primary.failed(replica, under_way.delivery, self.now);
        }
        self.drive(replica);
    }

    pub(super) fn answer(&mut self, message: Message, replica: usize) {
        if message.incarnation != self.incarnation {
            return;
        }
        match message.load {
            Load::State(state) => self.heard(replica, state),
            Load::Refused => self.give_up(replica, message.number),
            Load::Held(held) => {
                let under_way = &mut self.under_way[replica];
                let Some(under_way) = under_way.take_if(|u| u.message == message.number) else {
                    return;
                };
                if let Node::Up(primary) = &mut self.primary {
                    let (before, pending) = (primary.current().stamp, primary.pending(replica));
                    primary.answered(replica, held, self.now);
                    let is_question = under_way.delivery.is_none();
                    self.counts.repairs +=
                        u64::from(is_question && primary.pending(replica) > pending);
                    if primary.current().stamp != before {
                        let current = primary.current().clone();
                        self.history.made(&current, self.due());
                        self.wake();
                    }
                }
                self.drive(replica);
            }
            Load::Deliver(_) | Load::Ask | Load::AskForState => unreachable!("a question"),
        }
    }
}
