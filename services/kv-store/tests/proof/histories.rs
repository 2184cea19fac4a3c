//! Random lives of a log, one after another on one disk: groups of writers, checkpoints with writers beside them, clears;
//! a kill or a power cut at any operation, a recovery among them; operations that fail; a disk that is full for a while.
//!
//! `PROOF_HISTORIES=2000000` plays so many instead of a hundred thousand. A history that fails says its seed:
//! `PROOF_SEED=17` plays that one alone and tells each step. nextest ends a test after three minutes; `cargo test -p kv-store
//! --test proof no_history` does not.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use fastrand::Rng;
use kv_store::simulation::{Fault, Plan, SimulatedDisk};
use kv_store::wal::{Durability, LogOptions};

use crate::machine::{Machine, options};
use crate::model::{End, Model, Operation};
use crate::script::{Step, delete, set, set_long};

const HISTORIES: u64 = 100_000;
/// Of those that fail, so many say why.
const FAILURES_SHOWN: usize = 3;

/// What all histories together went through, so that a proof of nothing is seen.
#[derive(Debug, Default)]
struct Tally {
    lives: AtomicU64,
    kills: AtomicU64,
    power_cuts: AtomicU64,
    stops: AtomicU64,
    faults: AtomicU64,
    broken_recoveries: AtomicU64,
}

#[test]
fn no_history_loses_an_acknowledged_write_or_comes_to_a_state_that_never_was() {
    let tally = Tally::default();
    if let Some(seed) = number("PROOF_SEED") {
        let mut history = History::new(seed, &tally);
        history.is_told = true;
        return history.play();
    }
    let seeds = 0..number("PROOF_HISTORIES").unwrap_or(HISTORIES);
    let workers = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let failed: Vec<u64> = thread::scope(|scope| {
        let shares: Vec<_> = (0..workers)
            .map(|worker| {
                let (seeds, tally) = (seeds.clone(), &tally);
                scope.spawn(move || play_all(seeds.filter(|seed| seed % workers == worker), tally))
            })
            .collect();
        shares
            .into_iter()
            .flat_map(|share| share.join().unwrap())
            .collect()
    });
    println!("{} histories: {tally:?}", seeds.end - seeds.start);
    assert!(
        failed.is_empty(),
        "PROOF_SEED of the histories that fail: {failed:?}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much is to be proven is asked for from outside"
)]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap())
}

fn play_all(seeds: impl Iterator<Item = u64>, tally: &Tally) -> Vec<u64> {
    let mut failed = Vec::new();
    for seed in seeds {
        if catch_unwind(AssertUnwindSafe(|| History::new(seed, tally).play())).is_err() {
            failed.push(seed);
            if failed.len() == FAILURES_SHOWN {
                break;
            }
        }
    }
    failed
}

struct History<'t> {
    random: Rng,
    tally: &'t Tally,
    options: LogOptions,
    model: Model,
    disk: SimulatedDisk,
    /// How it came to the disk as it is.
    end: End,
    /// Whether a log without syncs met a disk that failed: it may then have less than a restart found.
    is_uncertain: bool,
    /// The next value; no two are the same.
    value: usize,
    /// Whether the disk's space is limited.
    is_full: bool,
    /// Whether it says what it does.
    is_told: bool,
}

impl<'t> History<'t> {
    fn new(seed: u64, tally: &'t Tally) -> Self {
        let mut random = Rng::with_seed(seed ^ 0x6c61_6232_3577_616c);
        let durability = match random.u8(..5) {
            0 => Durability::OperatingSystem,
            _ => Durability::Disk,
        };
        let options = LogOptions {
            smallest_segment_bytes: random.u64(1..=4) * 512,
            ..options(durability)
        };
        Self {
            disk: SimulatedDisk::new(random.u64(..)),
            random,
            tally,
            options,
            model: Model::new(),
            end: End::PowerCut,
            is_uncertain: false,
            value: 0,
            is_full: false,
            is_told: false,
        }
    }

    fn tell(&self, what: &dyn Debug) {
        if self.is_told {
            eprintln!("{what:?}");
        }
    }

    fn play(&mut self) {
        self.tell(&self.options);
        for _ in 0..self.random.usize(2..=5) {
            count(&self.tally.lives, 1);
            if self.random.u8(..3) == 0 {
                let plan = self.plan(24);
                self.disk.set_plan(plan);
            }
            if let Some(machine) = self.start() {
                self.live(machine);
            }
            self.end_life();
        }
        self.limit_space(None);
        self.start().unwrap();
    }

    /// A recovery, which fails only where the disk does.
    fn start(&mut self) -> Option<Machine> {
        match Machine::start(&self.disk, self.options, &mut self.model, self.end) {
            Ok(machine) => {
                self.end = End::Kill;
                if !self.is_uncertain {
                    self.model.all_is_durable();
                }
                self.tell(&format_args!(
                    "recovered {} operations",
                    self.model.acknowledged()
                ));
                Some(machine)
            }
            Err(error) => {
                self.tell(&error);
                // Without space it may refuse to start, but not for good.
                let may_fail = self.disk.has_failed() || self.is_full;
                assert!(may_fail, "cannot recover: {error:?}");
                count(&self.tally.broken_recoveries, 1);
                None
            }
        }
    }

    fn live(&mut self, mut machine: Machine) {
        let plan = self.plan(80);
        self.disk.set_plan(plan);
        if self.random.u8(..8) == 0 {
            let used: usize = self.disk.files().values().map(Vec::len).sum();
            let free = self.random.usize(..3000);
            self.limit_space(Some(used + free));
        }
        for _ in 0..self.random.usize(..24) {
            if self.disk.is_stopped() {
                break;
            }
            let step = self.step();
            self.tell(&step);
            step.play(&mut machine, &mut self.model, &self.disk);
        }
        if self.random.bool() {
            self.limit_space(None);
        }
    }

    fn limit_space(&mut self, bytes: Option<usize>) {
        self.tell(&format_args!("space: {bytes:?}"));
        self.disk.limit_space(bytes);
        self.is_full = bytes.is_some();
    }

    fn end_life(&mut self) {
        count(&self.tally.stops, self.disk.is_stopped().into());
        let is_kill = self.random.u8(..5) < 2;
        let has_failed = self.disk.has_failed();
        self.disk = if is_kill {
            count(&self.tally.kills, 1);
            self.disk.after_kill()
        } else {
            count(&self.tally.power_cuts, 1);
            self.is_full = false;
            self.disk.after_power_cut(self.random.u64(..))
        };
        self.tell(&format_args!(
            "{}",
            if is_kill { "killed" } else { "power cut" }
        ));
        // Without syncs, a system that drops what it could not write is as good as one that crashed.
        let is_synced = self.options.durability == Durability::Disk;
        let has_lost = !is_kill || (has_failed && !is_synced);
        self.is_uncertain = !is_synced && (has_failed || (is_kill && self.is_uncertain));
        if has_lost {
            self.end = End::PowerCut;
        }
    }

    /// What goes wrong in the next so many operations; in a third of the cases nothing.
    fn plan(&mut self, operations: u64) -> Plan {
        let random = &mut self.random;
        let stop_at = random.bool().then(|| random.u64(..operations));
        let count_of_faults = random.u8(..6).saturating_sub(2);
        let faults: BTreeMap<_, _> = (0..count_of_faults)
            .map(|_| {
                let fault = *random
                    .choice([Fault::Error, Fault::Full, Fault::Short].as_slice())
                    .unwrap();
                (random.u64(..operations), fault)
            })
            .collect();
        count(&self.tally.faults, faults.len() as u64);
        let plan = Plan { faults, stop_at };
        self.tell(&plan);
        plan
    }

    fn step(&mut self) -> Step {
        match self.random.u8(..24) {
            0..=11 => Step::Append(self.group()),
            12..=13 => Step::Checkpoint((0..self.random.u8(..3)).map(|_| self.group()).collect()),
            14..=15 => Step::Remove,
            16..=18 => Step::OrderSpare,
            19..=21 => Step::MakeSpare,
            22 => Step::Read,
            _ => Step::Clear,
        }
    }

    /// Writers that wait together.
    fn group(&mut self) -> Vec<Operation> {
        let size = if self.random.bool() {
            1
        } else {
            self.random.usize(1..=5)
        };
        (0..size).map(|_| self.operation()).collect()
    }

    fn operation(&mut self) -> Operation {
        self.value += 1;
        let key = *self
            .random
            .choice(["a", "b", "c", "d", "e"].as_slice())
            .unwrap();
        match self.random.u8(..8) {
            0..=1 => delete(key),
            2 => set_long(key, self.value),
            _ => set(key, self.value),
        }
    }
}

fn count(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
