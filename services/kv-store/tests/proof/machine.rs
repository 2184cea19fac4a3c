//! A store of the plainest kind: the log as its documentation says it is used, one thread, the model beside it.

use std::time::{Duration, UNIX_EPOCH};

use kv_store::simulation::SimulatedDisk;
use kv_store::wal::{
    Action, AppendError, Change, CheckpointError, CheckpointFile, Durability, Home, Log,
    LogOptions, Mark, Opened, Recovery, RecoveryError, Removal, SpareOrder, open,
};
use serde_json::value::RawValue;

use crate::model::{Contents, End, Found, Model, Operation};

/// The log's name and the checkpoint's.
pub(crate) const LOG: &str = "wal.log";
pub(crate) const CHECKPOINT: &str = "checkpoint.json";

/// One process with the log open.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) log: Log<SimulatedDisk>,
    checkpoint: CheckpointFile<SimulatedDisk>,
    contents: Contents,
    options: LogOptions,
    removals: Vec<Removal<SimulatedDisk>>,
    order: Option<SpareOrder<SimulatedDisk>>,
}

/// Small segments, so that there are many.
pub(crate) fn options(durability: Durability) -> LogOptions {
    LogOptions {
        durability,
        smallest_segment_bytes: 1024,
        largest_segment_bytes: 4096,
    }
}

/// Opens the log and gives what was in it, with no opinion.
pub(crate) fn try_open(
    disk: &SimulatedDisk,
    options: LogOptions,
) -> Result<(Opened<SimulatedDisk>, Found), RecoveryError> {
    let home = Home {
        log_disk: disk.clone(),
        log_name: LOG.to_owned(),
        checkpoint_disk: disk.clone(),
        checkpoint_name: CHECKPOINT.to_owned(),
    };
    let mut contents = Contents::default();
    let time = UNIX_EPOCH + Duration::from_secs(77);
    let opened = open(&home, options, time, |key, action| {
        contents.apply(&match action {
            Action::Set(value) => Operation::Set(key.to_owned(), value.get().to_owned()),
            Action::Delete => Operation::Delete(key.to_owned()),
        });
    })?;
    let found = Found {
        contents,
        sequence: opened.log.sequence(),
        generation: opened.log.generation(),
    };
    Ok((opened, found))
}

impl Machine {
    /// Starts on a disk where the machine before ended as `end` says, and holds what it finds to the model.
    pub(crate) fn start(
        disk: &SimulatedDisk,
        options: LogOptions,
        model: &mut Model,
        end: End,
    ) -> Result<Self, RecoveryError> {
        let (opened, found) = try_open(disk, options)?;
        model.recover(&found, end);
        check_recovery(&opened.recovery, &opened.log);
        let machine = Self {
            log: opened.log,
            checkpoint: opened.checkpoint,
            contents: found.contents,
            options,
            removals: Vec::new(),
            order: None,
        };
        machine.check_log(model, disk);
        Ok(machine)
    }

    /// A group of writers.
    pub(crate) fn append(&mut self, model: &mut Model, operations: &[Operation]) {
        append(
            &mut self.log,
            &mut self.contents,
            self.options,
            model,
            operations,
        );
    }

    /// A checkpoint, with groups of writers that come while it is written.
    pub(crate) fn checkpoint(&mut self, model: &mut Model, meanwhile: &[Vec<Operation>]) {
        let snapshot = self.contents.clone();
        let mark = Mark {
            sequence: self.log.cut(),
            generation: self.log.generation(),
        };
        let Self {
            log,
            checkpoint,
            contents,
            options,
            ..
        } = self;
        let mut meanwhile = meanwhile.iter();
        let mut write_one = |log: &mut Log<_>| {
            meanwhile
                .next()
                .inspect(|group| append(log, contents, *options, model, group))
                .is_some()
        };
        let values: Vec<_> = snapshot
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), raw(value)))
            .collect();
        let entries = values.iter().map(|(key, value)| {
            write_one(log);
            (*key, &**value)
        });
        let written = checkpoint.write(mark, UNIX_EPOCH, entries);
        while write_one(log) {}
        match written {
            Ok(()) => {
                model.checkpointed(mark.sequence);
                self.removals.push(self.log.covered(mark.sequence));
            }
            Err(CheckpointError::Kept(_) | CheckpointError::Undecided(_)) => {}
            Err(CheckpointError::Older) => panic!("there is no newer checkpoint"),
        }
    }

    pub(crate) fn clear(&mut self, model: &mut Model) {
        if self.log.is_poisoned() {
            return;
        }
        let mark = Mark {
            sequence: 0,
            generation: self.log.generation() + 1,
        };
        match self.checkpoint.write(mark, UNIX_EPOCH, []) {
            Ok(()) => {
                self.removals
                    .push(self.log.start_generation(mark.generation));
                self.contents = Contents::default();
                model.cleared();
                assert_eq!(
                    (
                        self.log.sequence(),
                        self.log.entries(),
                        self.log.size_bytes()
                    ),
                    (0, 0, 0)
                );
            }
            Err(CheckpointError::Undecided(_)) => {
                self.log.poison();
                model.leave_clear_open();
            }
            Err(CheckpointError::Kept(_)) => {}
            Err(CheckpointError::Older) => panic!("there is no newer checkpoint"),
        }
    }

    /// Removes what checkpoints have made needless.
    pub(crate) fn remove(&mut self) {
        for removal in self.removals.drain(..) {
            let _ = removal.carry_out();
        }
    }

    /// The second thread takes the order for the next segment.
    pub(crate) fn order_spare(&mut self) {
        if self.order.is_none() {
            self.order = self.log.spare_order();
        }
    }

    /// The second thread has made the next segment.
    pub(crate) fn make_spare(&mut self) {
        if let Some(order) = self.order.take() {
            let _ = self.log.take_spare(order.make());
        }
    }

    /// Reads the log as `/admin/wal` does: it has what no checkpoint covers, in order.
    pub(crate) fn check_log(&self, model: &Model, disk: &SimulatedDisk) {
        let last = self.log.sequence();
        let mut next = last + 1 - self.log.entries();
        assert_eq!(last, model.acknowledged());
        assert_eq!(self.contents, model.contents(last));
        let read = self.log.reader().read(|record| {
            let operation = match record.action {
                Action::Set(value) => {
                    Operation::Set(record.key.to_string(), value.get().to_owned())
                }
                Action::Delete => Operation::Delete(record.key.to_string()),
            };
            assert_eq!(
                (record.sequence, record.generation),
                (next, model.generation())
            );
            assert_eq!(&operation, model.operation(next));
            next += 1;
        });
        if let Err(error) = read {
            assert!(disk.has_failed(), "cannot read the log: {error}");
        } else {
            assert_eq!(next, last + 1, "records are missing from the log");
        }
    }
}

fn check_recovery(recovery: &Recovery, log: &Log<SimulatedDisk>) {
    assert_eq!(
        recovery.damage, None,
        "damage is claimed where there is none"
    );
    assert_eq!(
        recovery.checkpoint.sequence + recovery.replayed,
        log.sequence()
    );
    assert_eq!(recovery.replayed, log.entries());
    assert!(!log.is_poisoned());
}

fn append(
    log: &mut Log<SimulatedDisk>,
    contents: &mut Contents,
    options: LogOptions,
    model: &mut Model,
    operations: &[Operation],
) {
    let values: Vec<_> = operations.iter().map(value).collect();
    let changes = operations
        .iter()
        .zip(&values)
        .map(|(operation, value)| change(operation, value.as_deref()));
    let before = log.sequence();
    let was_poisoned = log.is_poisoned();
    match log.append(changes) {
        Ok(sequences) => {
            assert!(!was_poisoned, "a poisoned log goes on");
            assert_eq!(sequences, before + 1..before + 1 + operations.len() as u64);
            model.acknowledge(operations, options.durability == Durability::Disk);
            for operation in operations {
                contents.apply(operation);
            }
        }
        Err(AppendError::Unsettled(_)) => {
            assert!(log.is_poisoned());
            model.leave_open(operations);
        }
        Err(AppendError::Poisoned) => assert!(was_poisoned),
        Err(AppendError::NoSpace(_) | AppendError::Write(_)) => assert!(!log.is_poisoned()),
        Err(AppendError::TooLarge) => panic!("no operation here is large"),
    }
    assert_eq!(log.sequence(), model.acknowledged());
}

fn value(operation: &Operation) -> Option<Box<RawValue>> {
    match operation {
        Operation::Set(_, value) => Some(raw(value)),
        Operation::Delete(_) => None,
    }
}

fn change<'a>(operation: &'a Operation, value: Option<&'a RawValue>) -> Change<'a> {
    let (Operation::Set(key, _) | Operation::Delete(key)) = operation;
    Change {
        key,
        action: value.map_or(Action::Delete, Action::Set),
        time: UNIX_EPOCH,
    }
}

fn raw(value: &str) -> Box<RawValue> {
    RawValue::from_string(value.to_owned()).unwrap()
}
