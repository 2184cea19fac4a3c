//! What becomes of a message: it arrives, late, twice, or never.

use std::time::Duration;

use fastrand::Rng;

/// Messages lost in a row on one link and in one direction, at most: the network is bad, not gone. Gone is a parted link.
const LOST_IN_A_ROW: u32 = 4;

/// The links between the primary and each replica.
#[derive(Debug)]
pub(crate) struct Network {
    links: Vec<Link>,
    loss: f64,
    repeats: f64,
    latency_ms: u64,
}

#[derive(Debug, Default)]
struct Link {
    is_cut: bool,
    lost: [u32; 2],
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    ToReplica,
    ToPrimary,
}

impl Network {
    /// Good or bad, as the seed will have it.
    pub(crate) fn new(replicas: usize, rng: &mut Rng) -> Self {
        Self {
            links: (0..replicas).map(|_| Link::default()).collect(),
            loss: rng.f64() * 0.5,
            repeats: rng.f64() * 0.3,
            latency_ms: rng.u64(1..600),
        }
    }

    /// From now on nothing is lost or late.
    pub(crate) fn calm(&mut self) {
        (self.loss, self.repeats, self.latency_ms) = (0.0, 0.0, 5);
        for link in &mut self.links {
            link.is_cut = false;
        }
    }

    pub(crate) fn set_cut(&mut self, link: usize, is_cut: bool) {
        self.links[link].is_cut = is_cut;
    }

    pub(crate) fn is_cut(&self, link: usize) -> bool {
        self.links[link].is_cut
    }

    /// After how long each copy of a message arrives.
    pub(crate) fn send(&mut self, link: usize, way: Way, rng: &mut Rng) -> Vec<Duration> {
        let (loss, repetition) = (self.loss, self.repeats);
        let link = &mut self.links[link];
        if link.is_cut {
            return Vec::new();
        }
        let in_a_row = &mut link.lost[way as usize];
        if *in_a_row < LOST_IN_A_ROW && rng.f64() < loss {
            *in_a_row += 1;
            return Vec::new();
        }
        *in_a_row = 0;
        let mut copies = vec![self.latency(rng)];
        if rng.f64() < repetition {
            copies.push(self.latency(rng) + Duration::from_millis(rng.u64(0..5000)));
        }
        copies
    }

    fn latency(&self, rng: &mut Rng) -> Duration {
        Duration::from_millis(rng.u64(1..=self.latency_ms))
    }
}
