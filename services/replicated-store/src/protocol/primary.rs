//! What the primary sends to whom, and when.

use std::time::Duration;

use super::queue::Queue;
use super::{Origin, Snapshot, Stamp};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Between questions to a replica that nothing is owed to.
const QUESTION_INTERVAL: Duration = Duration::from_secs(2);
/// Beyond the delay, until a state that a replica does not have counts as lost on the way.
const SLACK: Duration = Duration::from_secs(1);

/// The state that all writes go to, and what each replica is still owed of it.
///
/// For each replica, by its index, somebody asks [`next`](Self::next) what to do and reports how it went with
/// [`answered`](Self::answered) or [`failed`](Self::failed), one step at a time. A step that is given up without a
/// report is as good as lost on the way.
#[derive(Debug)]
pub struct Primary<T> {
    current: Snapshot<T>,
    origin: Origin,
    /// Since when the state is what it is.
    since: Duration,
    links: Vec<Link<T>>,
}

#[derive(Debug)]
struct Link<T> {
    delay: Duration,
    queue: Queue<T>,
    /// Nothing is sent before.
    rest_until: Duration,
    pause: Duration,
    question_at: Duration,
    /// What it was last told to do was to wait until then.
    waits_until: Option<Duration>,
}

/// A state on its way to one replica.
#[derive(Debug, Clone)]
pub struct Delivery<T> {
    /// What to send.
    pub snapshot: Snapshot<T>,
    /// The delay that was configured when it was queued.
    pub delay: Duration,
    /// Attempts that failed before this one.
    pub failures: u32,
}

/// What is to be done for a replica.
#[derive(Debug)]
pub enum Step<T> {
    /// Send it this state.
    Deliver(Delivery<T>),
    /// Ask it what it holds.
    Ask,
    /// Nothing before this time, unless [`Primary::must_wake`] says so in the meantime.
    WaitUntil(Duration),
}

impl<T> Delivery<T> {
    pub(super) fn new(snapshot: Snapshot<T>, delay: Duration) -> Self {
        Self {
            snapshot,
            delay,
            failures: 0,
        }
    }
}

impl<T: Clone + Default> Primary<T> {
    /// A primary that begins with `current`, for replicas with these delays.
    pub(super) fn new(
        current: Snapshot<T>,
        origin: Origin,
        delays: &[Duration],
        now: Duration,
    ) -> Self {
        let link = |delay: &Duration| Link {
            delay: *delay,
            queue: Queue::new(),
            rest_until: now,
            pause: FIRST_PAUSE,
            question_at: now + QUESTION_INTERVAL,
            waits_until: None,
        };
        let mut primary = Self {
            current,
            origin,
            since: now,
            links: delays.iter().map(link).collect(),
        };
        if primary.current.stamp.version > 0 {
            primary.send_to_all(now);
        }
        primary
    }

    /// The state.
    pub fn current(&self) -> &Snapshot<T> {
        &self.current
    }

    /// The delay of a replica.
    pub fn delay(&self, replica: usize) -> Duration {
        self.links[replica].delay
    }

    /// Changes the delay of a replica for what is written from now on.
    pub fn set_delay(&mut self, replica: usize, delay: Duration) {
        self.links[replica].delay = delay;
    }

    /// States that wait for a replica.
    pub fn pending(&self, replica: usize) -> usize {
        self.links[replica].queue.len()
    }

    /// Changes the state; the new one is on its way to all replicas.
    pub fn write(&mut self, now: Duration, change: impl FnOnce(&mut T)) -> &Snapshot<T> {
        change(&mut self.current.contents);
        self.current.stamp.version += 1;
        self.send_to_all(now);
        &self.current
    }

    /// Empties everything under a new epoch, and tells the replicas at once; what was on its way is dropped. Steps
    /// under way are best given up.
    pub fn reset(&mut self, now: Duration, clock_ms: u64) {
        self.origin.clock_ms = clock_ms;
        self.current = Snapshot {
            stamp: Stamp {
                epoch: self.origin.epoch_above(self.current.stamp.epoch),
                version: 0,
            },
            contents: T::default(),
        };
        self.since = now;
        for link in &mut self.links {
            link.queue.clear();
            link.rest_until = now;
            link.pause = FIRST_PAUSE;
            let delivery = Delivery::new(self.current.clone(), link.delay);
            link.queue.push(delivery, now, now);
        }
    }

    /// Whether there is something to do for a replica before the time until which it was last said to wait.
    pub fn must_wake(&self, replica: usize) -> bool {
        let link = &self.links[replica];
        let due = link.queue.next_due();
        let due = due.map(|due| due.max(link.rest_until));
        matches!((due, link.waits_until), (Some(due), Some(until)) if due < until)
    }

    /// What is to be done for a replica now.
    pub fn next(&mut self, replica: usize, now: Duration) -> Step<T> {
        let step = self.step(replica, now);
        self.links[replica].waits_until = match step {
            Step::WaitUntil(at) => Some(at),
            Step::Deliver(_) | Step::Ask => None,
        };
        step
    }

    fn step(&mut self, replica: usize, now: Duration) -> Step<T> {
        let link = &mut self.links[replica];
        if now < link.rest_until {
            return Step::WaitUntil(link.rest_until);
        }
        if let Some(delivery) = link.queue.take_due(now) {
            return Step::Deliver(delivery);
        }
        if let Some(due) = link.queue.next_due() {
            return Step::WaitUntil(due);
        }
        if now < link.question_at {
            return Step::WaitUntil(link.question_at);
        }
        link.question_at = now + QUESTION_INTERVAL;
        Step::Ask
    }

    /// A replica said, of a delivery or of a question, that it holds `held`.
    pub fn answered(&mut self, replica: usize, held: Stamp, now: Duration) {
        let link = &mut self.links[replica];
        link.pause = FIRST_PAUSE;
        link.rest_until = now;
        link.question_at = now + QUESTION_INTERVAL;
        if held.is_same_state(self.current.stamp) {
            return;
        }
        if held > self.current.stamp {
            self.outrank(held, now);
            return;
        }
        // What is still waiting will bring it up to date, and so will what is not due yet.
        if link.queue.is_empty() && now >= self.since + link.delay + SLACK {
            let delivery = Delivery::new(self.current.clone(), link.delay);
            link.queue.push(delivery, now, now);
        }
    }

    /// A delivery did not come to an answer, or a question did not (`None`).
    pub fn failed(&mut self, replica: usize, delivery: Option<Delivery<T>>, now: Duration) {
        let link = &mut self.links[replica];
        let Some(mut delivery) = delivery else {
            return;
        };
        // From before a reset.
        if delivery.snapshot.stamp.epoch != self.current.stamp.epoch {
            return;
        }
        delivery.failures += 1;
        link.queue.put_back(delivery, now);
        link.rest_until = now + link.pause;
        link.pause = (link.pause * 2).min(LONGEST_PAUSE);
    }

    /// A replica has a state of an epoch that this primary did not know: of a predecessor whose clock was ahead, for
    /// one. What this primary has acknowledged must be newer.
    fn outrank(&mut self, seen: Stamp, now: Duration) {
        self.current.stamp.epoch = self.origin.epoch_above(seen.epoch);
        self.send_to_all(now);
    }

    fn send_to_all(&mut self, now: Duration) {
        self.since = now;
        for link in &mut self.links {
            let delivery = Delivery::new(self.current.clone(), link.delay);
            link.queue.push(delivery, now + link.delay, now);
        }
    }
}
