//! Clear: after it, or after a crash in the middle of it, the store has everything or nothing.

use service_kit::error_chain;

use super::background::{CheckpointJob, FileJob, Report, Written};
use super::checkpointing::{Logged, Settled};
use super::request::WriteRefused;
use super::writer::Writer;
use crate::map::Map;
use crate::wal::{CheckpointError, Disk, Mark};

impl<D: Disk> Writer<D> {
    /// Empties the store. Whoever writes meanwhile waits: a record of the old generation would be gone.
    pub(super) fn clear(&mut self) -> Result<(), WriteRefused> {
        if let Some(logged) = &self.logged
            && logged.log.is_poisoned()
        {
            return Err(WriteRefused::Stopped);
        }
        let settled = self.until_no_checkpoint_is_running();
        let cleared = self.start_generation();
        if cleared.is_ok() {
            let contents = std::mem::take(&mut self.view.write().map);
            if let Some(logged) = &mut self.logged {
                logged.write_checkpoint(CheckpointJob::Drop(contents));
            }
        }
        if let Some(logged) = &mut self.logged {
            logged.checkpoint_again(settled.as_ref(), &self.view.read().map);
        }
        self.show();
        if let Some(settled) = settled {
            settled.send();
        }
        cleared
    }

    fn until_no_checkpoint_is_running(&mut self) -> Option<Settled> {
        let mut settled = None;
        while let Some(logged) = &self.logged
            && logged.running.is_some()
        {
            let report = logged.next_report();
            settled = self.take_report(report);
        }
        settled
    }

    /// Makes an empty checkpoint of the next generation durable, and begins the log anew behind it.
    fn start_generation(&mut self) -> Result<(), WriteRefused> {
        let Some(logged) = &mut self.logged else {
            return Ok(());
        };
        let generation = logged.log.generation() + 1;
        let mark = Mark {
            sequence: 0,
            generation,
        };
        let contents = Map::default();
        logged.write_checkpoint(CheckpointJob::Write { mark, contents });
        let outcome = logged.until_written();
        if let Err(error) = outcome {
            tracing::error!(error = error_chain(&error), "not cleared");
            let CheckpointError::Undecided(_) = error else {
                return Err(WriteRefused::Failed);
            };
            logged.log.poison();
            return Err(WriteRefused::Stopped);
        }
        let removal = logged.log.start_generation(generation);
        logged.give(FileJob::Remove(removal));
        logged.since_cut = 0;
        tracing::info!(generation, "cleared");
        Ok(())
    }
}

impl<D: Disk> Logged<D> {
    fn next_report(&self) -> Report<D> {
        let report = self.reports.recv();
        report.expect("the threads live as long as the writer")
    }

    fn until_written(&mut self) -> Result<(), CheckpointError> {
        loop {
            match self.next_report() {
                Report::Spare(made) => self.take_spare(made),
                Report::Checkpoint(Written { outcome, .. }) => return outcome,
            }
        }
    }
}
