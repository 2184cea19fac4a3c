//! Clients and faults: what may happen while there is trouble.

use std::time::Duration;

use super::event::What;
use super::{Node, REPLICAS, World, delay};

impl World {
    pub(super) fn trouble(&mut self) {
        let replica = self.rng.usize(0..REPLICAS);
        let later = self.now + Duration::from_millis(self.rng.u64(0..9000));
        match self.rng.u32(0..100) {
            0..45 => self.write(),
            45..70 => self.start_reading(),
            70..77 => {
                self.tell(|| "primary dies".to_owned());
                self.primary = Node::Down;
                self.under_way
                    .iter_mut()
                    .for_each(|under_way| *under_way = None);
                self.schedule(later, What::StartPrimary);
            }
            77..84 => {
                self.tell(|| format!("replica {replica} dies"));
                self.replicas[replica] = None;
                self.is_unsteady(replica);
                self.counts.replica_restarts += 1;
                self.schedule(later, What::StartReplica { replica });
            }
            84..90 => {
                self.tell(|| format!("link {replica} is cut"));
                self.network.set_cut(replica, true);
                self.is_unsteady(replica);
                self.schedule(later, What::Mend { link: replica });
            }
            90..94 => {
                self.delays[replica] = delay(&mut self.rng);
                if let Node::Up(primary) = &mut self.primary {
                    primary.set_delay(replica, self.delays[replica]);
                }
            }
            94..97 => self.reset(),
            _ => self.set_clock_back(),
        }
    }

    pub(super) fn set_clock_back(&mut self) {
        if self.may_set_clock {
            self.clock_ms -= self.rng.u64(0..20_000);
            self.history.clock_was_set_back();
        }
    }

    pub(super) fn is_unsteady(&mut self, replica: usize) {
        if let Node::Starting { is_steady, .. } = &mut self.primary {
            is_steady[replica] = false;
        }
    }

    pub(super) fn write(&mut self) {
        let Node::Up(primary) = &mut self.primary else {
            return;
        };
        self.next_write += 1;
        let write = self.next_write;
        let state = primary.write(self.now, |writes| writes.push(write)).clone();
        self.tell(|| format!("write {write} acknowledged: {:?}", state.stamp));
        self.counts.writes += 1;
        self.history.acknowledged(write);
        self.history.made(&state, self.due());
        self.acknowledged.push((state.stamp, write));
        self.wake();
    }

    pub(super) fn reset(&mut self) {
        let Node::Up(primary) = &mut self.primary else {
            return;
        };
        primary.reset(self.now, self.clock_ms);
        let state = primary.current().clone();
        self.tell(|| format!("reset: {:?}", state.stamp));
        self.counts.resets += 1;
        self.history.was_reset(state.stamp);
        self.history.made(&state, vec![self.now; REPLICAS]);
        self.under_way
            .iter_mut()
            .for_each(|under_way| *under_way = None);
        self.drive_all();
    }

    /// The primary now, then each replica, each a little later.
    pub(super) fn start_reading(&mut self) {
        self.next_message += 1;
        let reader = self.next_message;
        let mut at = self.now;
        for node in 0..=REPLICAS {
            self.schedule(at, What::Read { reader, node });
            at += Duration::from_millis(self.rng.u64(0..100));
        }
    }

    pub(super) fn read(&mut self, reader: u64, node: usize) {
        let state = match node {
            0 => match &self.primary {
                Node::Up(primary) => Some(primary.current().clone()),
                _ => None,
            },
            _ => self.replicas[node - 1].as_ref().map(|r| r.held().clone()),
        };
        let states = self.reads.entry(reader).or_default();
        states.push(state);
        if states.len() > REPLICAS {
            let states = self.reads.remove(&reader).expect("it was there");
            self.check_claims(&states);
        }
    }
}
