//! The two threads behind the writer's back, and what they tell it.

use std::io;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc::UnboundedSender;

use super::request::Message;
use crate::map::Map;
use crate::wal::{CheckpointError, CheckpointFile, Disk, Mark, Removal, Spare, SpareOrder};

/// For the checkpoint thread.
pub(super) enum CheckpointJob {
    /// Write the contents at `mark`.
    Write { mark: Mark, contents: Map },
    /// Give back the memory of contents, which takes long where there are many.
    Drop(Map),
}

/// For the file thread.
pub(super) enum FileJob<D> {
    Make(SpareOrder<D>),
    Remove(Removal<D>),
}

/// For the writer.
pub(super) enum Report<D: Disk> {
    Checkpoint(Written),
    Spare(io::Result<Spare<D>>),
}

/// What became of a checkpoint.
pub(super) struct Written {
    pub(super) mark: Mark,
    pub(super) outcome: Result<(), CheckpointError>,
    pub(super) elapsed: Duration,
}

/// Where reports go: first the report, then the word that there is one.
pub(super) struct Reports<D: Disk> {
    pub(super) reports: Sender<Report<D>>,
    pub(super) inbox: UnboundedSender<Message>,
}

impl<D: Disk> Reports<D> {
    fn send(&self, report: Report<D>) {
        // A writer that is gone needs no report.
        let _ = self.reports.send(report);
        let _ = self.inbox.send(Message::Report);
    }
}

/// The checkpoint thread, until the writer is gone.
pub(super) fn write_checkpoints<D: Disk>(
    jobs: &Receiver<CheckpointJob>,
    mut file: CheckpointFile<D>,
    reports: &Reports<D>,
) {
    yield_to_others();
    for job in jobs {
        match job {
            CheckpointJob::Drop(map) => drop(map),
            CheckpointJob::Write { mark, contents } => {
                let started = Instant::now();
                let entries = contents.iter().map(|entry| (entry.key(), entry.value()));
                let outcome = file.write(mark, SystemTime::now(), entries);
                reports.send(Report::Checkpoint(Written {
                    mark,
                    outcome,
                    elapsed: started.elapsed(),
                }));
            }
        }
    }
}

/// Lets this thread have the processor when no other wants it: nobody waits for a checkpoint as for an answer.
fn yield_to_others() {
    // On Linux the priority is the thread's own. Without it checkpoints are as right, and in the way.
    let this = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(this), NICENESS) {
        tracing::debug!(%error, "checkpoints are written at the priority of all");
    }
}

/// The lowest: a fiftieth of a processor where all are busy, and all of one that is idle.
const NICENESS: i32 = 19;

/// The file thread, until the writer is gone.
pub(super) fn look_after_files<D: Disk>(jobs: &Receiver<FileJob<D>>, reports: &Reports<D>) {
    for job in jobs {
        match job {
            FileJob::Make(order) => reports.send(Report::Spare(order.make())),
            FileJob::Remove(removal) => {
                if let Err(error) = removal.carry_out() {
                    tracing::warn!(%error, "files of the log that nobody needs are left behind");
                }
            }
        }
    }
}
