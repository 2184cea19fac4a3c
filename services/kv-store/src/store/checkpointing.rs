//! The writer's side of the log: appends, and the checkpoints that let records leave it.

use std::io;
use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, Sender};
use std::time::SystemTime;

use service_kit::{Parent, error_chain};

use super::background::{CheckpointJob, FileJob, Report, Written};
use super::group::Group;
use super::request::{Answer, CheckpointRefused, WriteRefused};
use super::view::LogFigures;
use crate::map::Map;
use crate::metrics::Metrics;
use crate::wal::{AppendError, Disk, Log, Mark, Spare};

pub(super) struct Logged<D: Disk> {
    pub(super) log: Log<D>,
    pub(super) threshold: NonZeroU64,
    /// Records since the last checkpoint began.
    pub(super) since_cut: u64,
    pub(super) running: Option<Running>,
    /// Who asked for a checkpoint while one was running that does not have all they wrote.
    pub(super) waiting: Vec<(CheckpointAnswer, Parent)>,
    pub(super) checkpoint_jobs: Sender<CheckpointJob>,
    pub(super) file_jobs: Sender<FileJob<D>>,
    pub(super) reports: Receiver<Report<D>>,
}

pub(super) type CheckpointAnswer = Answer<u64, CheckpointRefused>;

/// A checkpoint that is being written.
pub(super) struct Running {
    mark: Mark,
    entries: u64,
    answers: Vec<CheckpointAnswer>,
    parent: Parent,
    began: SystemTime,
}

/// A checkpoint that is written, or is not to be.
pub(super) struct Settled {
    outcome: Result<u64, CheckpointRefused>,
    answers: Vec<CheckpointAnswer>,
}

impl<D: Disk> Logged<D> {
    /// How many records the next group may have: the one that makes a checkpoint due is the last of its group.
    pub(super) fn room(&self) -> u64 {
        if self.running.is_some() {
            return u64::MAX;
        }
        self.threshold.get().saturating_sub(self.since_cut).max(1)
    }

    pub(super) fn append(&mut self, group: &Group) -> Result<(), WriteRefused> {
        let Err(error) = self.log.append(group.changes()) else {
            self.since_cut += group.records();
            return Ok(());
        };
        // The failure that poisoned the log has been told.
        if !matches!(error, AppendError::Poisoned) {
            let records = group.records();
            tracing::error!(records, error = error_chain(&error), "writes refused");
        }
        Err(match error {
            AppendError::NoSpace(_) => WriteRefused::NoSpace,
            AppendError::Write(_) => WriteRefused::Failed,
            AppendError::TooLarge => WriteRefused::TooLarge,
            AppendError::Unsettled(_) | AppendError::Poisoned => WriteRefused::Stopped,
        })
    }

    /// Asks for the next segment, if the log wants one.
    pub(super) fn order_spare(&mut self) {
        if let Some(order) = self.log.spare_order() {
            self.give(FileJob::Make(order));
        }
    }

    pub(super) fn take_spare(&mut self, made: io::Result<Spare<D>>) {
        if let Err(error) = self.log.take_spare(made) {
            tracing::warn!(%error, "no next segment is ready; the log grows where it is");
        }
    }

    /// Starts a checkpoint if enough records wait for one.
    pub(super) fn checkpoint_if_due(&mut self, contents: &Map, parent: Parent) {
        if self.running.is_none() && self.since_cut >= self.threshold.get() {
            self.start(contents, Vec::new(), parent);
        }
    }

    /// Starts a checkpoint of all that is written so far, as soon as none is running.
    pub(super) fn checkpoint_for(
        &mut self,
        answer: CheckpointAnswer,
        parent: Parent,
        contents: &Map,
    ) {
        if self.running.is_some() {
            self.waiting.push((answer, parent));
        } else {
            self.start(contents, vec![answer], parent);
        }
    }

    /// After a checkpoint: starts the one that is waited for. One that failed is tried again at the next write.
    pub(super) fn checkpoint_again(&mut self, settled: Option<&Settled>, contents: &Map) {
        let Some(settled) = settled else {
            return;
        };
        if !self.waiting.is_empty() {
            let (answers, parents): (_, Vec<_>) = self.waiting.drain(..).unzip();
            let parent = parents.into_iter().next().unwrap_or_default();
            self.start(contents, answers, parent);
        } else if settled.outcome.is_ok() {
            self.checkpoint_if_due(contents, Parent::default());
        }
    }

    fn start(&mut self, contents: &Map, answers: Vec<CheckpointAnswer>, parent: Parent) {
        let mark = Mark {
            sequence: self.log.cut(),
            generation: self.log.generation(),
        };
        self.running = Some(Running {
            mark,
            entries: std::mem::take(&mut self.since_cut),
            answers,
            parent,
            began: SystemTime::now(),
        });
        let contents = contents.clone();
        self.order_spare();
        self.write_checkpoint(CheckpointJob::Write { mark, contents });
    }

    pub(super) fn write_checkpoint(&self, job: CheckpointJob) {
        let sent = self.checkpoint_jobs.send(job);
        sent.expect("the checkpoint thread lives as long as the writer");
    }

    pub(super) fn give(&self, job: FileJob<D>) {
        let sent = self.file_jobs.send(job);
        assert!(sent.is_ok(), "the file thread lives as long as the writer");
    }

    /// Takes what became of the running checkpoint.
    pub(super) fn settle(&mut self, written: Written, metrics: &Metrics) -> Option<Settled> {
        let running = self
            .running
            .take_if(|running| running.mark == written.mark)?;
        let entries = running.entries;
        let sequence = written.mark.sequence;
        let duration_ms = written.elapsed.as_secs_f64() * 1000.0;
        let span = running.parent.child_since("kv.checkpoint", running.began);
        span.set("checkpoint.entries", entries);
        span.set("checkpoint.duration_ms", duration_ms);
        let outcome = match written.outcome {
            Ok(()) => {
                let removal = self.log.covered(sequence);
                self.give(FileJob::Remove(removal));
                metrics.checkpoints.inc();
                let is_manual = !running.answers.is_empty();
                tracing::info!(entries, sequence, duration_ms, is_manual, "checkpoint");
                Ok(entries)
            }
            Err(error) => {
                self.since_cut += entries;
                let error = error_chain(&error);
                span.fail(&error);
                tracing::error!(entries, sequence, error, "no checkpoint; the log keeps all");
                Err(CheckpointRefused::Failed)
            }
        };
        Some(Settled {
            outcome,
            answers: running.answers,
        })
    }

    pub(super) fn figures(&self) -> LogFigures {
        LogFigures {
            sequence: self.log.sequence(),
            entries_since_checkpoint: self.since_cut,
            checkpoint_threshold: self.threshold.get(),
            entries: self.log.entries(),
            size_bytes: self.log.size_bytes(),
        }
    }
}

impl Settled {
    /// Answers who asked for it.
    pub(super) fn send(self) {
        for answer in self.answers {
            // Who asked may be gone.
            let _ = answer.send(self.outcome);
        }
    }
}
