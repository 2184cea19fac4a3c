//! States on their way to one replica.

use std::collections::VecDeque;
use std::time::Duration;

use super::primary::Delivery;

/// A delay is cut in so many grains; within a grain writes are sent together.
const GRAINS: u32 = 64;
/// States that wait for one replica, at most, whatever is written in the meantime.
pub const MAX_PENDING: usize = 3 * GRAINS as usize;

/// Deliveries in the order in which they are due, which is the order of their stamps too.
///
/// As each state holds all that was written before it, one that is due makes those before it superfluous, and so does
/// one that is due no later. Many writes in a short time are thinned out: a delivery is replaced by the next if the
/// one before it is less than a grain away from that. So none is late by more than a grain, and the newest is never
/// put off for ever.
#[derive(Debug)]
pub(super) struct Queue<T>(VecDeque<Pending<T>>);

#[derive(Debug)]
struct Pending<T> {
    due: Duration,
    delivery: Delivery<T>,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// When the next delivery is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.0.front().map(|pending| pending.due)
    }

    /// Adds the newest state.
    pub(super) fn push(&mut self, delivery: Delivery<T>, due: Duration, now: Duration) {
        self.drop_superseded(now);
        while self.0.back().is_some_and(|last| last.due >= due) {
            self.0.pop_back();
        }
        let grain = delivery.delay / GRAINS;
        let is_close = |before: &Pending<T>| before.due > now && due < before.due + grain;
        if self.0.len() >= 2 && is_close(&self.0[self.0.len() - 2]) || self.0.len() >= MAX_PENDING {
            self.0.pop_back();
        }
        self.0.push_back(Pending { due, delivery });
    }

    /// Puts back a delivery that was taken out and did not succeed.
    pub(super) fn put_back(&mut self, delivery: Delivery<T>, now: Duration) {
        let pending = Pending { due: now, delivery };
        self.0.push_front(pending);
    }

    /// Takes out the newest of the deliveries that are due.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<Delivery<T>> {
        self.drop_superseded(now);
        self.0
            .pop_front_if(|pending| pending.due <= now)
            .map(|pending| pending.delivery)
    }

    fn drop_superseded(&mut self, now: Duration) {
        while self.0.get(1).is_some_and(|second| second.due <= now) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Snapshot, Stamp};

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn delivery(version: u64, delay: u64) -> Delivery<()> {
        let stamp = Stamp { epoch: 1, version };
        let snapshot = Snapshot {
            stamp,
            contents: (),
        };
        Delivery::new(snapshot, ms(delay))
    }

    /// Writes at these times, each with its delay; then who is delivered when, asked every millisecond.
    #[track_caller]
    fn check(writes: &[(u64, u64)], delivered: &[(u64, u64)]) {
        let mut queue = Queue::new();
        let mut found = Vec::new();
        let mut writes = (1..).zip(writes).peekable();
        for now in 0..10_000 {
            while let Some((version, (_, delay))) = writes.next_if(|(_, (at, _))| *at == now) {
                queue.push(delivery(version, *delay), ms(now + delay), ms(now));
            }
            if let Some(delivery) = queue.take_due(ms(now)) {
                found.push((now, delivery.snapshot.stamp.version));
            }
        }
        assert_eq!(found, delivered);
        assert!(queue.is_empty());
    }

    #[test]
    fn each_write_comes_after_its_delay() {
        check(
            &[(0, 1500), (200, 1500), (400, 1500)],
            &[(1500, 1), (1700, 2), (1900, 3)],
        );
    }

    #[test]
    fn a_write_that_is_due_earlier_takes_the_older_ones_along() {
        check(&[(0, 3000), (100, 500)], &[(600, 2)]);
    }

    #[test]
    fn writes_within_a_grain_come_together() {
        check(
            &[(0, 640), (3, 640), (6, 640), (9, 640), (12, 640)],
            &[(640, 1), (649, 4), (652, 5)],
        );
    }

    #[test]
    fn the_number_that_waits_is_bounded_and_nothing_is_late_by_more_than_a_grain() {
        for delay in [0, 1, 500, 600_000] {
            let mut queue = Queue::new();
            let mut last = ms(0);
            for now in 0..700_000 {
                queue.push(delivery(now + 1, delay), ms(now + delay), ms(now));
                assert!(queue.len() <= MAX_PENDING, "{delay}: {}", queue.len());
                if let Some(delivery) = queue.take_due(ms(now)) {
                    assert!(ms(now) <= last + ms(delay / 64 + 2) || last.is_zero());
                    last = ms(now);
                    let age = now + 1 - delivery.snapshot.stamp.version;
                    assert!(age >= delay, "{delay}: too early, {age}");
                }
            }
            assert!(last > ms(0));
        }
    }

    #[test]
    fn a_replica_that_takes_nothing_is_owed_a_bounded_number() {
        let mut queue = Queue::new();
        for now in 0..100_000 {
            queue.push(delivery(now + 1, 500), ms(now + 500), ms(now));
            assert!(queue.len() <= MAX_PENDING);
        }
    }
}
