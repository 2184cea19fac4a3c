//! One history: nodes, network, faults and readers, moved by a queue of events.

mod checks;
mod counts;
mod event;
mod primary;
mod replicas;
mod trouble;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use fastrand::Rng;
use replicated_store::protocol::{Delivery, Primary, Recovery, Replica, Snapshot, Stamp};

use crate::history::{History, Writes};
use crate::network::Network;

pub(crate) use counts::Counts;
use event::{Event, What};

const REPLICAS: usize = 2;
/// Faults happen until then.
const TROUBLE: Duration = Duration::from_secs(25);
/// Longest delay, longest pause between attempts, question interval, slack and time-out, and some.
const CALM: Duration = Duration::from_secs(25);
/// How long the primary waits for an answer.
const RPC_PATIENCE: Duration = Duration::from_secs(3);

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
}

fn delay(rng: &mut Rng) -> Duration {
    Duration::from_millis([0, 50, 500, 1500, 3000][rng.usize(0..5)])
}
