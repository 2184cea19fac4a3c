//! One history: nodes, network, faults and readers, moved by a queue of events.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use fastrand::Rng;
use replicated_store::protocol::{
    Delivery, MAX_PENDING, Origin, Primary, Receipt, Recovery, Replica, Snapshot, Stamp, Step,
    verdict,
};

use crate::history::{History, Writes};
use crate::network::{Network, Way};

const REPLICAS: usize = 2;
/// Faults happen until then.
const TROUBLE: Duration = Duration::from_secs(25);
/// Longest delay, longest pause between attempts, question interval, slack and time-out, and some.
const CALM: Duration = Duration::from_secs(25);
/// How long the primary waits for an answer.
const RPC_PATIENCE: Duration = Duration::from_secs(3);

/// How often things happened; what never happens proves nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    writes: u64,
    applied: u64,
    repeated: u64,
    ignored: u64,
    failures: u64,
    recoveries: u64,
    partial_recoveries: u64,
    replica_restarts: u64,
    resets: u64,
    repairs: u64,
    has_new_data: u64,
    stale: u64,
    all_consistent: u64,
    inconsistent: u64,
}

pub(crate) struct World {
    rng: Rng,
    is_told: bool,
    now: Duration,
    clock_ms: u64,
    may_set_clock: bool,
    events: BinaryHeap<Reverse<Event>>,
    order: u64,
    network: Network,
    primary: Node,
    /// Which start of the primary this is; messages to another are lost.
    incarnation: u32,
    delays: Vec<Duration>,
    replicas: Vec<Option<Replica<Writes>>>,
    under_way: Vec<Option<UnderWay>>,
    /// For each replica, until when its sender waits; one that waits no more is not woken then.
    waits_until: Vec<Duration>,
    next_message: u64,
    history: History,
    /// The highest stamp that the reader of each replica has seen since that started.
    seen: Vec<Stamp>,
    acknowledged: Vec<(Stamp, u32)>,
    reads: HashMap<u64, Vec<Option<Snapshot<Writes>>>>,
    next_write: u32,
    counts: Counts,
}

#[derive(Debug)]
enum Node {
    Down,
    Starting {
        recovery: Recovery<Writes>,
        heard: Vec<Snapshot<Writes>>,
        /// Replicas that were up and in reach the whole time.
        is_steady: Vec<bool>,
    },
    Up(Primary<Writes>),
}

#[derive(Debug)]
struct UnderWay {
    message: u64,
    delivery: Option<Delivery<Writes>>,
}

#[derive(Debug)]
struct Event {
    at: Duration,
    /// Breaks ties.
    order: u64,
    what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[derive(Debug)]
enum What {
    Drive {
        replica: usize,
    },
    Arrive {
        message: Message,
        replica: usize,
    },
    Answer {
        message: Message,
        replica: usize,
    },
    GiveUp {
        incarnation: u32,
        replica: usize,
        message: u64,
    },
    AskForState {
        incarnation: u32,
        replica: usize,
    },
    EndRecovery {
        incarnation: u32,
    },
    Trouble,
    StartPrimary,
    StartReplica {
        replica: usize,
    },
    Mend {
        link: usize,
    },
    Read {
        reader: u64,
        node: usize,
    },
}

#[derive(Debug, Clone)]
struct Message {
    incarnation: u32,
    number: u64,
    load: Load,
}

#[derive(Debug, Clone)]
enum Load {
    Deliver(Snapshot<Writes>),
    Ask,
    AskForState,
    Held(Stamp),
    State(Snapshot<Writes>),
    Refused,
}

impl World {
    pub(crate) fn new(seed: u64, is_told: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let network = Network::new(REPLICAS, &mut rng);
        let delays = (0..REPLICAS).map(|_| delay(&mut rng)).collect();
        let mut world = Self {
            is_told,
            now: Duration::ZERO,
            clock_ms: 1_000_000,
            may_set_clock: rng.f64() < 0.25,
            events: BinaryHeap::new(),
            order: 0,
            network,
            primary: Node::Down,
            incarnation: 0,
            delays,
            replicas: (0..REPLICAS).map(|_| Some(Replica::default())).collect(),
            under_way: (0..REPLICAS).map(|_| None).collect(),
            waits_until: vec![Duration::ZERO; REPLICAS],
            next_message: 0,
            history: History::default(),
            seen: vec![Stamp::default(); REPLICAS],
            acknowledged: Vec::new(),
            reads: HashMap::new(),
            next_write: 0,
            counts: Counts::default(),
            rng,
        };
        world.start_primary();
        let incidents = world.rng.u32(5..60);
        for _ in 0..incidents {
            let at = Duration::from_millis(world.rng.u64(0..25_000));
            world.schedule(at, What::Trouble);
        }
        world
    }

    pub(crate) fn play(mut self) -> Counts {
        self.run_until(TROUBLE);
        self.calm();
        self.run_until(TROUBLE + CALM);
        self.check_converged();
        self.counts
    }

    fn run_until(&mut self, end: Duration) {
        while let Some(Reverse(event)) = self.events.pop() {
            if event.at > end {
                self.events.push(Reverse(event));
                break;
            }
            let passed = event.at.checked_sub(self.now).expect("time goes on");
            self.clock_ms += u64::try_from(passed.as_millis()).expect("seconds pass");
            self.now = event.at;
            self.handle(event.what);
            self.check();
        }
    }

    fn schedule(&mut self, at: Duration, what: What) {
        self.order += 1;
        let order = self.order;
        self.events.push(Reverse(Event { at, order, what }));
    }

    #[expect(clippy::print_stdout, reason = "one seed, played to be read")]
    fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            println!("{:>6} ms  {}", self.now.as_millis(), what());
        }
    }

    fn handle(&mut self, what: What) {
        match what {
            What::Drive { replica } => {
                if self.waits_until[replica] == self.now {
                    self.drive(replica);
                }
            }
            What::Arrive { message, replica } => self.arrive(message, replica),
            What::Answer { message, replica } => self.answer(message, replica),
            What::GiveUp {
                incarnation,
                replica,
                message,
            } => {
                if incarnation == self.incarnation {
                    self.give_up(replica, message);
                }
            }
            What::AskForState {
                incarnation,
                replica,
            } => self.ask_for_state(incarnation, replica),
            What::EndRecovery { incarnation } => {
                if incarnation == self.incarnation {
                    self.end_recovery();
                }
            }
            What::Trouble => self.trouble(),
            What::StartPrimary => self.start_primary(),
            What::StartReplica { replica } => self.start_replica(replica),
            What::Mend { link } => self.network.set_cut(link, false),
            What::Read { reader, node } => self.read(reader, node),
        }
    }

    // The primary.

    fn start_primary(&mut self) {
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

    fn is_in_reach(&self, replica: usize) -> bool {
        self.replicas[replica].is_some() && !self.network.is_cut(replica)
    }

    fn ask_for_state(&mut self, incarnation: u32, replica: usize) {
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

    fn heard(&mut self, replica: usize, state: Snapshot<Writes>) {
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

    fn end_recovery(&mut self) {
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

    fn due(&self) -> Vec<Duration> {
        self.delays.iter().map(|delay| self.now + *delay).collect()
    }

    fn drive_all(&mut self) {
        for replica in 0..REPLICAS {
            self.drive(replica);
        }
    }

    fn wake(&mut self) {
        for replica in 0..REPLICAS {
            if matches!(&self.primary, Node::Up(primary) if primary.must_wake(replica)) {
                self.drive(replica);
            }
        }
    }

    fn drive(&mut self, replica: usize) {
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

    fn send(&mut self, replica: usize, load: Load) -> u64 {
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

    fn give_up(&mut self, replica: usize, message: u64) {
        let Some(under_way) = self.under_way[replica].take_if(|u| u.message == message) else {
            return;
        };
        self.counts.failures += 1;
        if let Node::Up(primary) = &mut self.primary {
            primary.failed(replica, under_way.delivery, self.now);
        }
        self.drive(replica);
    }

    fn answer(&mut self, message: Message, replica: usize) {
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

    // The replicas.

    fn arrive(&mut self, message: Message, replica: usize) {
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

    fn start_replica(&mut self, replica: usize) {
        if self.replicas[replica].is_none() {
            self.tell(|| format!("replica {replica} starts"));
            self.replicas[replica] = Some(Replica::default());
            self.seen[replica] = Stamp::default();
        }
    }

    // Clients and faults.

    fn trouble(&mut self) {
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

    fn set_clock_back(&mut self) {
        if self.may_set_clock {
            self.clock_ms -= self.rng.u64(0..20_000);
            self.history.clock_was_set_back();
        }
    }

    fn is_unsteady(&mut self, replica: usize) {
        if let Node::Starting { is_steady, .. } = &mut self.primary {
            is_steady[replica] = false;
        }
    }

    fn write(&mut self) {
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

    fn reset(&mut self) {
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
    fn start_reading(&mut self) {
        self.next_message += 1;
        let reader = self.next_message;
        let mut at = self.now;
        for node in 0..=REPLICAS {
            self.schedule(at, What::Read { reader, node });
            at += Duration::from_millis(self.rng.u64(0..100));
        }
    }

    fn read(&mut self, reader: u64, node: usize) {
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

    fn check_claims(&mut self, states: &[Option<Snapshot<Writes>>]) {
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

    // What is always so, and what is so in the end.

    fn check(&mut self) {
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

    fn calm(&mut self) {
        self.tell(|| "calm".to_owned());
        self.network.calm();
        for replica in 0..REPLICAS {
            self.start_replica(replica);
        }
        self.start_primary();
    }

    fn check_converged(&mut self) {
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
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            writes,
            applied,
            repeated,
            ignored,
            failures,
            recoveries,
            partial_recoveries,
            replica_restarts,
            resets,
            repairs,
            has_new_data,
            stale,
            all_consistent,
            inconsistent,
        } = other;
        self.writes += writes;
        self.applied += applied;
        self.repeated += repeated;
        self.ignored += ignored;
        self.failures += failures;
        self.recoveries += recoveries;
        self.partial_recoveries += partial_recoveries;
        self.replica_restarts += replica_restarts;
        self.resets += resets;
        self.repairs += repairs;
        self.has_new_data += has_new_data;
        self.stale += stale;
        self.all_consistent += all_consistent;
        self.inconsistent += inconsistent;
    }

    /// Nothing of it stayed at zero.
    pub(crate) fn assert_all_happened(&self) {
        let told = format!("{self:?}");
        let never: Vec<_> = told
            .split([',', '{', '}'])
            .filter(|part| part.ends_with(": 0"))
            .collect();
        assert!(never.is_empty(), "never happened: {never:?}");
    }
}

fn delay(rng: &mut Rng) -> Duration {
    Duration::from_millis([0, 50, 500, 1500, 3000][rng.usize(0..5)])
}
