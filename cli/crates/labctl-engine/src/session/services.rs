//! What the session does with the lab's services.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use labctl_runbook::ServiceObservation;
use tokio::time::Instant;

use crate::{
    Event, Lab, LabRun, Residue, Runtime, RuntimeError, Secrets, Shell, in_full,
    session::{pump::Pump, state::Happened},
};

/// How long readiness is awaited after a start block.
const READY: Duration = Duration::from_mins(3);

/// How much of the services' logs a failed step keeps.
const LOG_LIMIT: usize = 64 << 10;

/// How much of one service's log a claim is judged on: as much as of a block's output.
const JUDGED_LOG: usize = 1 << 20;

/// A lab's services, and whether they are ours to take down.
pub(super) struct Services<'a, R> {
    runtime: &'a mut R,
    lab: &'a Lab,
    secrets: &'a Secrets,
    is_claimed: &'a mut bool,
    restarts: BTreeMap<String, u64>,
}

impl<'a, R: Runtime> Services<'a, R> {
    pub(super) fn new(runtime: &'a mut R, run: &'a LabRun<'a>, is_claimed: &'a mut bool) -> Self {
        Self {
            runtime,
            lab: &run.lab,
            secrets: &run.secrets,
            is_claimed,
            restarts: BTreeMap::new(),
        }
    }

    /// Variables that blocks run with for the runtime's sake.
    pub(super) fn block_env(&self) -> BTreeMap<String, String> {
        self.runtime.block_env()
    }

    /// A note for each service that restarted since the last look.
    pub(super) async fn restarted(&mut self) -> Vec<String> {
        if !*self.is_claimed {
            return Vec::new();
        }
        let Ok(restarts) = self.runtime.restarts(self.lab).await else {
            return vec!["how often services restarted could not be told".to_owned()];
        };
        let notes = restarts.iter().filter_map(|(service, count)| {
            let before = self.restarts.get(service).copied().unwrap_or_default();
            let times = count.checked_sub(before).filter(|times| *times > 0)?;
            Some(format!(
                "service {service} restarted {times} {}",
                if times == 1 { "time" } else { "times" }
            ))
        });
        let notes = notes.collect();
        self.restarts = restarts;
        notes
    }

    /// What the services have logged since then, secrets masked; or why that could not be read.
    pub(super) async fn logs_since(&mut self, since: SystemTime) -> Option<String> {
        let logs = match self.runtime.logs_since(self.lab, since, LOG_LIMIT).await {
            Ok(logs) => self.secrets.mask(&logs),
            Err(error) => format!("logs could not be read: {}", in_full(&error)),
        };
        (!logs.is_empty()).then_some(logs)
    }

    /// What a service is like now, secrets masked. `logs`: from when on its log lines are wanted.
    pub(super) async fn service(
        &mut self,
        name: &str,
        logs: Option<SystemTime>,
    ) -> Result<ServiceObservation, RuntimeError> {
        let logs = logs.map(|since| (since, JUDGED_LOG));
        let mut seen = self.runtime.service(self.lab, name, logs).await?;
        if let Some(logs) = &mut seen.logs {
            logs.text = self.secrets.mask(&logs.text);
        }
        Ok(seen)
    }

    pub(super) async fn remove_one_offs(&mut self) -> Result<(), String> {
        if !*self.is_claimed {
            return Ok(());
        }
        self.runtime
            .remove_one_offs(self.lab)
            .await
            .map_err(|error| in_full(&error))
    }
}

impl<S: Shell, R: Runtime> Pump<'_, S, R> {
    /// Not given up at an interrupt: half a claim could not be told from somebody else's.
    pub(super) async fn claim_lab(&mut self) -> Happened {
        let Some(services) = &mut self.services else {
            return Happened::Done;
        };
        match services.runtime.claim(services.lab).await {
            Ok(notes) => {
                *services.is_claimed = true;
                for message in notes {
                    self.note(message);
                }
                Happened::Done
            }
            Err(error) => {
                self.errors.push(in_full(&error));
                Happened::LabRefused
            }
        }
    }

    pub(super) async fn bring_up(&mut self) -> Happened {
        self.await_services(true).await
    }

    pub(super) async fn await_ready(&mut self) -> Happened {
        self.await_services(false).await
    }

    async fn await_services(&mut self, brings_up: bool) -> Happened {
        let Some(services) = &mut self.services else {
            return Happened::Done;
        };
        self.reporter.handle(&Event::ServicesAwaited);
        let began = Instant::now();
        let work = async {
            if brings_up {
                services.runtime.bring_up(services.lab).await
            } else {
                services.runtime.wait_ready(services.lab, READY).await
            }
        };
        let result = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Happened::LabNotUp,
            result = work => result,
        };
        match result {
            Ok(()) => {
                self.reporter.handle(&Event::ServicesReady {
                    elapsed: began.elapsed(),
                });
                Happened::Done
            }
            Err(error) => {
                self.errors.push(self.run.secrets.mask(&told(&error)));
                Happened::LabNotUp
            }
        }
    }

    pub(super) async fn tear_down(&mut self) -> Happened {
        if let Some(services) = &mut self.services {
            self.reporter.handle(&Event::TeardownStarted);
            let result = services.runtime.tear_down(services.lab).await;
            *services.is_claimed = false;
            match result {
                Ok(residue) => self.errors.extend(left_over(&residue)),
                Err(error) => self.errors.push(format!(
                    "the lab could not be taken down: {}",
                    in_full(&error)
                )),
            }
        }
        Happened::Done
    }

    pub(super) async fn keep(&mut self) -> Happened {
        if let Some(services) = &mut self.services {
            let how = services.runtime.keep(services.lab).await;
            *services.is_claimed = false;
            self.note(how);
        }
        Happened::Done
    }
}

/// The error in full, with the last log lines of each service that is not ready.
fn told(error: &RuntimeError) -> String {
    let mut text = in_full(error);
    if let RuntimeError::NotReady { services, .. } = error {
        for service in services
            .iter()
            .filter(|service| !service.log_tail.is_empty())
        {
            text = format!(
                "{text}\nlast log lines of {}:\n{}",
                service.service,
                service.log_tail.trim_end()
            );
        }
    }
    text
}

fn left_over(residue: &Residue) -> Option<String> {
    let kinds = [
        ("containers", &residue.containers),
        ("networks", &residue.networks),
        ("volumes", &residue.volumes),
    ];
    let names: Vec<String> = kinds
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| format!("{kind} {}", names.join(", ")))
        .collect();
    (!names.is_empty()).then(|| format!("still there after the teardown: {}", names.join("; ")))
}
