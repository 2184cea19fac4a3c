//! A lab's services at a person's hand: `labctl up`, `down`, `status` and `logs`.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use bollard::models::ContainerInspectResponse;
use futures_util::future::try_join_all;
use labctl_engine::{Lab, Residue, Runtime, RuntimeError};

use crate::{
    DockerError, DockerRuntime, Purpose,
    engine::Container,
    logs,
    record::Hold,
    runtime::Connected,
    sweep::{self, Volumes},
};

/// How one service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStatus {
    /// The service.
    pub service: String,
    /// Its container; `None` where it has none.
    pub container: Option<String>,
    /// `running`, `exited` …, or `not created`.
    pub state: String,
    /// `healthy`, `starting`, `unhealthy`; `None` without a health check.
    pub health: Option<String>,
    /// How often the engine restarted it.
    pub restarts: u64,
    /// Host ports, such as `127.0.0.1:8000`.
    pub ports: Vec<String>,
}

/// What `labctl down` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenDown {
    /// What there was before, such as "3 containers, 1 network"; `None` if the lab was not up.
    pub removed: Option<String>,
    /// What could not be removed.
    pub residue: Residue,
    /// Volumes left on purpose: the lab was not brought up by labctl.
    pub kept_volumes: Vec<String>,
}

impl DockerRuntime {
    /// Brings the lab up for a person, waits until it is ready, and leaves it up. One that is up already is brought
    /// up to date, and stays up if that fails; otherwise what a failed attempt left is taken down. Returns what a person
    /// should know, how to get in last.
    ///
    /// # Errors
    /// As [`Runtime::claim`] and [`Runtime::bring_up`].
    pub async fn up(&mut self, lab: &Lab) -> Result<Vec<String>, RuntimeError> {
        let mut notes = self.claim_for(lab, Purpose::Up).await?;
        if let Err(error) = self.bring_up(lab).await {
            if self.was_up() {
                self.leave_up(Purpose::Up)?;
            } else {
                self.tear_down(lab).await?;
            }
            return Err(error);
        }
        notes.push(self.how_to_get_in(lab));
        self.leave_up(Purpose::Up)?;
        Ok(notes)
    }

    /// Takes the lab down, if it was brought up from this folder, by labctl or by hand; named volumes too if that was
    /// labctl.
    ///
    /// # Errors
    /// A run holds it; it was brought up from another folder; Docker or Compose failed.
    pub async fn down(&mut self, lab: &Lab) -> Result<TakenDown, RuntimeError> {
        let connected = Connected::to(lab).await?;
        let project = &connected.model.name;
        connected.refuse_others(lab).await?;
        let state = &self.settings.state_folder;
        let hold = Hold::take(state, project, lab, Purpose::Up)?;
        let mut volumes = Volumes::default();
        if hold.previous.is_none() {
            volumes.kept = connected.engine.volumes(project).await?;
        }
        let there = sweep::left(&connected.engine, project, &volumes).await?;
        let residue = connected.take_down(&mut volumes).await?;
        hold.give_back()?;
        Ok(TakenDown {
            removed: sweep::count(&there),
            residue,
            kept_volumes: volumes.kept.into_iter().collect(),
        })
    }

    /// How every service is that a plain `up` starts, or that has a container.
    ///
    /// # Errors
    /// Docker or Compose failed.
    pub async fn status(&mut self, lab: &Lab) -> Result<Vec<ServiceStatus>, RuntimeError> {
        let connected = Connected::to(lab).await?;
        Ok(connected.status().await?)
    }

    /// Hands on the services' log lines (service, line), the last `tail` of each first; `services` empty means all.
    /// Follows until every container has ended if asked.
    ///
    /// # Errors
    /// No such service; Docker or Compose failed.
    pub async fn logs(
        &mut self,
        lab: &Lab,
        services: &[String],
        tail: usize,
        is_followed: bool,
        printed: &mut (dyn FnMut(&str, &str) + Send),
    ) -> Result<(), RuntimeError> {
        let connected = Connected::to(lab).await?;
        connected.check_names(services)?;
        let mut containers = connected.service_containers().await?;
        containers.retain(|c| services.is_empty() || services.contains(&c.service));
        if is_followed {
            logs::follow(&connected.engine, &containers, tail, printed).await?;
        } else {
            logs::print(&connected.engine, &containers, tail, printed).await?;
        }
        Ok(())
    }
}

impl Connected {
    /// Refuses containers that were brought up from another folder: another checkout's, perhaps another person's.
    async fn refuse_others(&self, lab: &Lab) -> Result<(), DockerError> {
        let containers = self.engine.containers(&self.model.name).await?;
        let other = containers
            .iter()
            .filter_map(|container| container.working_dir.as_deref())
            .find(|folder| Path::new(folder) != lab.folder);
        match other {
            None => Ok(()),
            Some(folder) => Err(DockerError::AlreadyUp {
                lab: lab.name.clone(),
                by: format!("brought up from {folder}"),
                command: "`docker compose down` there".to_owned(),
            }),
        }
    }

    fn check_names(&self, services: &[String]) -> Result<(), DockerError> {
        let known = &self.model.services;
        match services.iter().find(|name| !known.contains_key(*name)) {
            None => Ok(()),
            Some(service) => Err(DockerError::NoSuchService {
                service: service.clone(),
                known: known.keys().cloned().collect(),
            }),
        }
    }

    /// Restarts by service.
    pub(crate) async fn restarts(&self) -> Result<BTreeMap<String, u64>, DockerError> {
        let status = self.status().await?;
        let with_container = status.into_iter().filter(|s| s.container.is_some());
        Ok(with_container.fold(BTreeMap::new(), |mut sums, status| {
            *sums.entry(status.service).or_default() += status.restarts;
            sums
        }))
    }

    pub(crate) async fn status(&self) -> Result<Vec<ServiceStatus>, DockerError> {
        let containers = self.service_containers().await?;
        let inspected = try_join_all(containers.iter().map(|container| async {
            self.engine
                .docker
                .inspect_container(&container.id, None)
                .await
                .map_err(DockerError::engine(format!(
                    "inspect the container `{}`",
                    container.name
                )))
        }))
        .await?;
        let absent = self
            .model
            .expected()
            .filter(|(name, _)| containers.iter().all(|c| c.service != *name))
            .map(|(name, _)| ServiceStatus {
                service: name.to_owned(),
                container: None,
                state: "not created".to_owned(),
                health: None,
                restarts: 0,
                ports: Vec::new(),
            });
        let mut all: Vec<ServiceStatus> = containers
            .iter()
            .zip(inspected)
            .map(|(container, inspected)| status_of(container, inspected))
            .chain(absent)
            .collect();
        all.sort_by(|a, b| (&a.service, &a.container).cmp(&(&b.service, &b.container)));
        Ok(all)
    }

    /// Addresses and commands, one a line.
    pub(crate) fn how_to_get_in(&self, lab: &Lab) -> String {
        let mut text = format!("lab {} is up", lab.name);
        for port in self.model.published() {
            let address = if port.address == "0.0.0.0" {
                "127.0.0.1"
            } else {
                &port.address
            };
            let _ = write!(text, "\n  {}: {address}:{}", port.service, port.port);
        }
        let folder = lab.folder.display();
        let _ = write!(
            text,
            "\n  logs: (cd {folder} && docker compose logs)\n  down: {}",
            down_command(lab)
        );
        text
    }
}

/// What takes the lab down. `labctl down` does not know where a foreign runbook was told to play.
fn down_command(lab: &Lab) -> String {
    if Path::new(&lab.name).extension().is_some() {
        let folder = lab.folder.display();
        format!("(cd {folder} && docker compose down --volumes)")
    } else {
        format!("labctl down {}", lab.name)
    }
}

fn status_of(container: &Container, inspected: ContainerInspectResponse) -> ServiceStatus {
    let health = inspected
        .state
        .and_then(|state| state.health?.status)
        .map(|status| status.to_string())
        .filter(|status| !status.is_empty() && status != "none");
    ServiceStatus {
        service: container.service.clone(),
        container: Some(container.name.clone()),
        state: container.state.clone(),
        health,
        restarts: inspected
            .restart_count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0),
        ports: container
            .ports
            .iter()
            .map(|(address, port, _)| format!("{address}:{port}"))
            .collect(),
    }
}
