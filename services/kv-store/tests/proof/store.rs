//! The store with its threads, against the same model: writers that wait together, checkpoints that come by themselves,
//! clears, and an end at any operation of the disk.
//!
//! Which threads run when is up to the system; the order of the requests, and so of the log, is not.

use std::num::NonZeroU64;
use std::sync::Arc;

use fastrand::Rng;
use futures_util::future::join_all;
use kv_store::simulation::{Fault, Plan, SimulatedDisk};
use kv_store::wal::{Durability, Home};
use kv_store::{Metrics, OpenError, Store, StoreGuard, StoreOptions, WriteRefused};
use serde_json::value::RawValue;

use crate::machine::{CHECKPOINT, LOG};
use crate::model::{Contents, End, Found, Model, Operation};
use crate::script::{delete, set, set_long};

const HISTORIES: u64 = 400;

/// Opens the store as a new process does.
pub(crate) fn open(disk: &SimulatedDisk, threshold: u64) -> Result<(Store, StoreGuard), OpenError> {
    let home = Home {
        log_disk: disk.clone(),
        log_name: LOG.to_owned(),
        checkpoint_disk: disk.clone(),
        checkpoint_name: CHECKPOINT.to_owned(),
    };
    let options = StoreOptions {
        durability: Durability::Disk,
        checkpoint_threshold: NonZeroU64::new(threshold).unwrap(),
    };
    Store::open(&home, options, Arc::new(Metrics::new(true)))
}

#[tokio::test]
async fn no_store_loses_an_acknowledged_write_or_serves_a_state_that_never_was() {
    for seed in 0..HISTORIES {
        eprintln!("seed {seed}");
        History::new(seed).play().await;
    }
}

struct History {
    random: Rng,
    model: Model,
    disk: SimulatedDisk,
    end: End,
    value: usize,
}

impl History {
    fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed ^ 0x7374_6f72_6521),
            model: Model::new(),
            disk: SimulatedDisk::new(seed),
            end: End::PowerCut,
            value: 0,
        }
    }

    async fn play(&mut self) {
        for _ in 0..self.random.usize(2..=4) {
            self.live().await;
        }
        drop(self.start());
    }

    async fn live(&mut self) {
        let (store, guard) = self.start();
        let plan = self.plan();
        self.disk.set_plan(plan);
        for _ in 0..self.random.usize(1..=8) {
            match self.random.u8(..12) {
                0 => self.clear(&store).await,
                1 => drop(store.checkpoint().await),
                _ => self.write(&store).await,
            }
        }
        let is_kill = self.random.bool();
        self.end = if is_kill { End::Kill } else { End::PowerCut };
        // Half of the time in the middle of what the threads are at.
        if self.random.bool() {
            self.disk.stop();
        }
        drop(guard);
        self.disk = if is_kill {
            self.disk.after_kill()
        } else {
            self.disk.after_power_cut(self.random.u64(..))
        };
    }

    fn start(&mut self) -> (Store, StoreGuard) {
        let threshold = self.random.u64(2..8);
        let (store, guard) = open(&self.disk, threshold).unwrap();
        let stats = store.stats();
        assert_eq!(stats.lost_entries, 0);
        let found = Found {
            contents: contents(&store),
            sequence: stats.log.unwrap().sequence,
            generation: generation(&self.disk),
        };
        self.model.recover(&found, self.end);
        self.model.all_is_durable();
        (store, guard)
    }

    fn plan(&mut self) -> Plan {
        let random = &mut self.random;
        let stop_at = random.bool().then(|| random.u64(..60));
        let fault = *random
            .choice([Fault::Error, Fault::Full, Fault::Short].as_slice())
            .unwrap();
        let faults = random
            .bool()
            .then(|| (random.u64(..60), fault))
            .into_iter()
            .collect();
        Plan { faults, stop_at }
    }

    /// Writers that ask at the same time, in this order.
    async fn write(&mut self, store: &Store) {
        let operations: Vec<_> = (0..self.random.usize(1..=6))
            .map(|_| self.operation())
            .collect();
        let answers = join_all(operations.iter().map(|operation| ask(store, operation))).await;
        for (operation, answer) in operations.iter().zip(answers) {
            match answer {
                Ok(true) => self
                    .model
                    .acknowledge(std::slice::from_ref(operation), true),
                // There is no record of a delete that had nothing to take away.
                Err(WriteRefused::Stopped) if !matches!(operation, Operation::Delete(key) if !self.model.may_have(key)) =>
                {
                    self.model.leave_open(std::slice::from_ref(operation));
                }
                // No record, none at all.
                Ok(false)
                | Err(WriteRefused::NoSpace | WriteRefused::Failed | WriteRefused::Stopped) => {}
                Err(WriteRefused::TooLarge) => panic!("no operation here is large"),
            }
        }
        assert_eq!(
            contents(store),
            self.model.contents(self.model.acknowledged())
        );
    }

    async fn clear(&mut self, store: &Store) {
        match store.clear().await {
            Ok(()) => self.model.cleared(),
            Err(WriteRefused::Stopped) => self.model.leave_clear_open(),
            Err(_) => {}
        }
    }

    fn operation(&mut self) -> Operation {
        self.value += 1;
        let key = *self.random.choice(["a", "b", "c"].as_slice()).unwrap();
        match self.random.u8(..8) {
            0..=1 => delete(key),
            2 => set_long(key, self.value),
            _ => set(key, self.value),
        }
    }
}

/// Whether there is a record for it.
async fn ask(store: &Store, operation: &Operation) -> Result<bool, WriteRefused> {
    match operation {
        Operation::Set(key, value) => {
            let value = RawValue::from_string(value.clone()).unwrap();
            store.set(key.as_str().into(), value).await.map(|_| true)
        }
        Operation::Delete(key) => store.delete(key.as_str().into()).await,
    }
}

fn contents(store: &Store) -> Contents {
    let map = store.snapshot();
    let entries = map
        .iter()
        .map(|entry| (entry.key().to_owned(), entry.value().get().to_owned()));
    Contents(entries.collect())
}

/// The checkpoint's, which is the store's.
fn generation(disk: &SimulatedDisk) -> u64 {
    let files = disk.files();
    let Some(bytes) = files.get(CHECKPOINT) else {
        return 1;
    };
    let checkpoint: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    checkpoint["generation"].as_u64().unwrap()
}
