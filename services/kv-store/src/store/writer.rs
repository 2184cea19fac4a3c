//! The one thread that writes: log, sync, contents, figures, answers.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedReceiver;

use super::background::Report;
use super::checkpointing::{Logged, Settled};
use super::group::Group;
use super::request::{CheckpointRefused, Message, ReadLog, Request};
use super::view::View;
use crate::metrics::Metrics;
use crate::wal::Disk;

/// Requests in the queue; who comes then waits for a place.
pub(super) const QUEUE_PLACES: usize = 1024;
/// A group is closed when its text is this long, so that memory and the wait of its first stay bounded.
const GROUP_BYTES: usize = 4 << 20;

pub(super) struct Writer<D: Disk> {
    pub(super) inbox: UnboundedReceiver<Message>,
    pub(super) view: Arc<View>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) group: Group,
    /// None where the store is in memory only.
    pub(super) logged: Option<Logged<D>>,
}

impl<D: Disk> Writer<D> {
    /// Serves until the store is closed.
    pub(super) fn run(mut self) {
        if let Some(logged) = &mut self.logged {
            logged.order_spare();
        }
        let mut waiting = Vec::with_capacity(QUEUE_PLACES);
        while self.inbox.blocking_recv_many(&mut waiting, QUEUE_PLACES) > 0 {
            for message in waiting.drain(..) {
                match message {
                    Message::Request(request, place) => self.take(request, place),
                    Message::Report => self.take_reports(),
                    Message::Stop => return self.commit(),
                }
            }
            self.commit();
        }
    }

    fn take(&mut self, request: Request, place: OwnedSemaphorePermit) {
        match request {
            Request::Set {
                key,
                value,
                parent,
                answer,
            } => self.group.set(key, value, parent, answer, place),
            Request::Delete {
                key,
                parent,
                answer,
            } => {
                let seen = self.view.read();
                self.group.delete(key, &seen.map, parent, answer, place);
            }
            other => {
                self.commit();
                return self.take_between_groups(other);
            }
        }
        let room = self.logged.as_ref().map_or(u64::MAX, Logged::room);
        if self.group.records() >= room || self.group.bytes() >= GROUP_BYTES {
            self.commit();
        }
    }

    fn take_between_groups(&mut self, request: Request) {
        // Who asked may be gone: then the answer is for nobody.
        match request {
            Request::Set { .. } | Request::Delete { .. } => unreachable!("those are in a group"),
            Request::Checkpoint { parent, answer } => match &mut self.logged {
                Some(logged) => {
                    logged.checkpoint_for(answer, parent, &self.view.read().map);
                    self.show();
                }
                None => drop(answer.send(Err(CheckpointRefused::NoLog))),
            },
            Request::Clear { answer } => drop(answer.send(self.clear())),
            Request::ReadLog { answer } => {
                let logged = self.logged.as_ref();
                let reader = logged.map(|logged| -> ReadLog {
                    let reader = logged.log.reader();
                    Box::new(move |each| reader.read(each))
                });
                drop(answer.send(reader));
            }
        }
    }

    /// Puts the group into the log and into the contents.
    fn commit(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let group = std::mem::take(&mut self.group);
        // A group without a record asks nothing of the disk, so a disk that fails is no reason to refuse it.
        if group.records() > 0
            && let Some(logged) = &mut self.logged
            && let Err(reason) = logged.append(&group)
        {
            logged.checkpoint_if_due(&self.view.read().map, group.parent());
            self.show();
            return group.refuse(reason);
        }
        let parent = group.parent();
        let last = self.logged.as_ref().map(|logged| logged.log.sequence());
        let mut seen = self.view.write();
        let answers = group.apply(&mut seen.map, last);
        if let Some(logged) = &mut self.logged {
            answers.count_logged(&self.metrics);
            logged.order_spare();
            logged.checkpoint_if_due(&seen.map, parent);
            seen.log = Some(logged.figures());
        }
        seen.show(&self.metrics);
        drop(seen);
        answers.send();
    }

    fn take_reports(&mut self) {
        self.commit();
        while let Some(logged) = &mut self.logged
            && let Ok(report) = logged.reports.try_recv()
        {
            let settled = self.take_report(report);
            if let Some(logged) = &mut self.logged {
                logged.checkpoint_again(settled.as_ref(), &self.view.read().map);
            }
            self.show();
            if let Some(settled) = settled {
                settled.send();
            }
        }
    }

    pub(super) fn take_report(&mut self, report: Report<D>) -> Option<Settled> {
        let logged = self.logged.as_mut()?;
        match report {
            Report::Spare(made) => {
                logged.take_spare(made);
                None
            }
            Report::Checkpoint(written) => logged.settle(written, &self.metrics),
        }
    }

    pub(super) fn show(&self) {
        let mut seen = self.view.write();
        seen.log = self.logged.as_ref().map(Logged::figures);
        seen.show(&self.metrics);
    }
}
