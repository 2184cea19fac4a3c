//! The [`Runtime`] of a run: claimed, brought up, awaited, looked at, taken down.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use futures_util::future::try_join_all;
use labctl_engine::{Lab, Residue, Runtime, RuntimeError};
use labctl_runbook::ServiceObservation;

use crate::{
    Compose, ComposeModel, DockerError, Purpose,
    engine::{Container, Engine},
    find_compose_file, logs, ports, readiness,
    record::{Hold, Record},
    sources,
    sweep::{self, Volumes},
};

/// How long [`Runtime::bring_up`] waits for readiness.
const READY_DEADLINE: Duration = Duration::from_mins(2);

/// What the runtime is told by the command line.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where locks and run records are kept, such as `~/.local/state/labctl`. Created when needed.
    pub state_folder: PathBuf,
}

/// The runtime over Docker Compose and the Docker engine. One lab at a time.
///
/// A lab without a Compose file has no services: it is claimed without Docker, and there is nothing to bring up.
/// Which engine is used is what the `docker` command says, in the lab's environment.
#[derive(Debug)]
pub struct DockerRuntime {
    pub(crate) settings: Settings,
    claimed: Option<Claimed>,
}

/// The lab that is held. Dropped while it still is, as in a panic, it is taken down on the spot.
#[derive(Debug)]
struct Claimed {
    connected: Connected,
    /// Taken when the lab is given back or left up.
    hold: Option<Hold>,
    /// It was up before, by the same person's `labctl up`.
    was_up: bool,
    volumes: Volumes,
    env: BTreeMap<String, String>,
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        if self.was_up {
            return;
        }
        // If it cannot be taken down, or its record not be removed, the next run finds it.
        if self
            .connected
            .compose
            .down_now(self.volumes.kept.is_empty())
        {
            let _ = hold.give_back();
        }
    }
}

/// What every call needs.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) compose: Compose,
    pub(crate) engine: Engine,
    pub(crate) model: ComposeModel,
}

impl Connected {
    /// Looks for the docker command, its Compose plugin, the engine and the lab's model.
    pub(crate) async fn to(lab: &Lab) -> Result<Self, DockerError> {
        let compose = Compose::new(lab);
        let host = compose.engine_host().await?;
        let engine = Engine::connect(&host).await?;
        let (version, model) = tokio::join!(compose.version(), compose.model());
        version?;
        Ok(Self {
            engine,
            model: model?,
            compose,
        })
    }

    /// The project's containers but those of `compose run`.
    pub(crate) async fn service_containers(&self) -> Result<Vec<Container>, DockerError> {
        let mut containers = self.engine.containers(&self.model.name).await?;
        containers.retain(|container| !container.is_one_off);
        Ok(containers)
    }

    /// Compose's `down`, then what it left, by force. Returns what is there even now.
    pub(crate) async fn take_down(&self, volumes: &mut Volumes) -> Result<Residue, DockerError> {
        let project = &self.model.name;
        volumes.see(&self.engine.containers(project).await?);
        // What Compose could not do is found by the sweep, and what that cannot do is the residue.
        let went_down = self.compose.down(volumes.kept.is_empty()).await;
        sweep::sweep(&self.engine, project, volumes).await?;
        let residue = sweep::left(&self.engine, project, volumes).await?;
        match went_down {
            Err(error) if residue != Residue::default() => Err(error),
            _ => Ok(residue),
        }
    }

    /// Refuses containers whose image was built from other sources than the ones here.
    async fn check_builds(&self, digest: Option<&String>) -> Result<(), DockerError> {
        let Some(digest) = digest else { return Ok(()) };
        for container in self.service_containers().await? {
            let is_built = self
                .model
                .services
                .get(&container.service)
                .is_some_and(|service| service.build.is_some());
            let label = container.sources.as_ref();
            if label.map_or(!is_built, |label| label == digest) {
                continue;
            }
            return Err(DockerError::StaleBuild {
                service: container.service,
                found: label.map_or_else(
                    || "its label `labctl.sources` is missing".to_owned(),
                    |label| {
                        let short = label.get(..12).unwrap_or(label);
                        format!("`{short}`, here `{}`", &digest[..12])
                    },
                ),
            });
        }
        Ok(())
    }

    /// Whether an image that this lab builds is missing or was built from other sources.
    async fn needs_build(&self, digest: Option<&String>) -> bool {
        for (name, service) in self.model.expected() {
            if service.build.is_none() {
                continue;
            }
            let image = service.image_name(&self.model.name, name);
            let Ok(image) = self.engine.docker.inspect_image(&image).await else {
                return true;
            };
            let labels = image.config.and_then(|config| config.labels);
            let label = labels.and_then(|mut labels| labels.remove(sources::LABEL));
            if digest.is_some() && label.as_ref() != digest {
                return true;
            }
        }
        false
    }
}

impl DockerRuntime {
    /// A runtime that holds no lab yet. Starts nothing, touches nothing.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            claimed: None,
        }
    }

    /// Takes the lab for that purpose; see [`Runtime::claim`].
    ///
    /// # Errors
    /// As [`Runtime::claim`].
    pub(crate) async fn claim_for(
        &mut self,
        lab: &Lab,
        purpose: Purpose,
    ) -> Result<Vec<String>, DockerError> {
        self.claimed = None;
        if find_compose_file(&lab.folder).is_none() {
            return Ok(Vec::new());
        }
        let connected = Connected::to(lab).await?;
        let project = connected.model.name.clone();
        let digest = sources::digest(&connected.model)?;
        let hold = Hold::take(&self.settings.state_folder, &project, lab, purpose)?;
        let mut notes = Vec::new();
        let mut was_up = false;
        let containers = connected.engine.containers(&project).await?;
        let mut volumes = Volumes::default();
        match &hold.previous {
            Some(dead) if dead.purpose == Purpose::Run => {
                notes.extend(remove_leftovers(&connected, dead).await?);
            }
            previous if !containers.is_empty() => {
                let is_ours = previous
                    .as_ref()
                    .is_some_and(|record| record.folder == lab.folder);
                if !(purpose == Purpose::Up && is_ours) {
                    return Err(already_up(lab, previous.as_ref(), &containers));
                }
                was_up = true;
            }
            _ => volumes.kept = connected.engine.volumes(&project).await?,
        }
        let own = connected.engine.containers(&project).await?;
        let taken = ports::taken(&connected.engine, &own, &connected.model.published()).await?;
        if !taken.is_empty() {
            return Err(DockerError::PortsTaken(taken));
        }
        if !volumes.kept.is_empty() {
            let names: Vec<_> = volumes.kept.iter().map(String::as_str).collect();
            notes.push(format!(
                "volumes from before the run are used and kept: {}",
                names.join(", ")
            ));
        }
        hold.write()?;
        self.claimed = Some(Claimed {
            connected,
            hold: Some(hold),
            was_up,
            volumes,
            env: digest
                .map(|digest| (sources::VARIABLE.to_owned(), digest))
                .into_iter()
                .collect(),
        });
        Ok(notes)
    }

    /// Addresses and commands of the claimed lab, one a line.
    pub(crate) fn how_to_get_in(&self, lab: &Lab) -> String {
        let connected = self.claimed.as_ref().map(|claimed| &claimed.connected);
        connected.map_or_else(String::new, |connected| connected.how_to_get_in(lab))
    }

    /// Whether the claimed lab was up before.
    pub(crate) fn was_up(&self) -> bool {
        self.claimed.as_ref().is_some_and(|claimed| claimed.was_up)
    }

    /// Leaves the claimed lab up, for that purpose.
    pub(crate) fn leave_up(&mut self, purpose: Purpose) -> Result<(), DockerError> {
        let hold = self
            .claimed
            .take()
            .and_then(|mut claimed| claimed.hold.take());
        hold.map_or(Ok(()), |hold| hold.leave(purpose))
    }

    fn claimed(&mut self, lab: &Lab) -> Result<&mut Claimed, DockerError> {
        self.claimed
            .as_mut()
            .ok_or_else(|| DockerError::NoComposeFile {
                folder: lab.folder.clone(),
            })
    }

    pub(crate) async fn start(&mut self, lab: &Lab) -> Result<(), DockerError> {
        let Claimed { connected, env, .. } = self.claimed(lab)?;
        let digest = env.get(sources::VARIABLE);
        let is_build_wanted = connected.needs_build(digest).await;
        connected
            .compose
            .up(&connected.model, is_build_wanted, env)
            .await
    }

    pub(crate) async fn await_ready(
        &mut self,
        lab: &Lab,
        deadline: Duration,
    ) -> Result<(), DockerError> {
        let Claimed {
            connected,
            volumes,
            env,
            ..
        } = self.claimed(lab)?;
        let ready = readiness::wait(&connected.engine, &connected.model, deadline).await;
        volumes.see(&connected.engine.containers(&connected.model.name).await?);
        ready?;
        connected.check_builds(env.get(sources::VARIABLE)).await
    }
}

/// Removes what a run that was killed left of the project, and says so.
async fn remove_leftovers(
    connected: &Connected,
    dead: &Record,
) -> Result<Option<String>, DockerError> {
    let project = &connected.model.name;
    let mut volumes = Volumes::default();
    volumes.see(&connected.engine.containers(project).await?);
    let found = sweep::sweep(&connected.engine, project, &volumes).await?;
    Ok(sweep::count(&found).map(|count| {
        format!(
            "removed what a killed run left ({}): {count}",
            dead.holder()
        )
    }))
}

fn already_up(lab: &Lab, previous: Option<&Record>, containers: &[Container]) -> DockerError {
    let by = match previous {
        Some(record) => {
            let command = match record.purpose {
                Purpose::Up => "labctl up",
                Purpose::Kept | Purpose::Run => "labctl verify --keep",
            };
            format!("`{command}` in {}", record.folder.display())
        }
        None => match containers.iter().find_map(|c| c.working_dir.as_ref()) {
            Some(folder) => format!("brought up from {folder}, not by labctl"),
            None => "not brought up by labctl".to_owned(),
        },
    };
    DockerError::AlreadyUp {
        lab: lab.name.clone(),
        by,
        command: format!("`labctl down {}`, or `docker compose down` there", lab.name),
    }
}

impl Runtime for DockerRuntime {
    async fn claim(&mut self, lab: &Lab) -> Result<Vec<String>, RuntimeError> {
        Ok(self.claim_for(lab, Purpose::Run).await?)
    }

    fn block_env(&self) -> BTreeMap<String, String> {
        self.claimed
            .as_ref()
            .map(|claimed| claimed.env.clone())
            .unwrap_or_default()
    }

    async fn bring_up(&mut self, lab: &Lab) -> Result<(), RuntimeError> {
        self.start(lab).await?;
        Ok(self.await_ready(lab, READY_DEADLINE).await?)
    }

    async fn wait_ready(&mut self, lab: &Lab, deadline: Duration) -> Result<(), RuntimeError> {
        Ok(self.await_ready(lab, deadline).await?)
    }

    async fn logs_since(
        &mut self,
        _lab: &Lab,
        since: SystemTime,
        limit: usize,
    ) -> Result<String, RuntimeError> {
        let Some(Claimed { connected, .. }) = &self.claimed else {
            return Ok(String::new());
        };
        let containers = connected.service_containers().await?;
        Ok(logs::since(&connected.engine, &containers, since, limit).await?)
    }

    async fn restarts(&mut self, _lab: &Lab) -> Result<BTreeMap<String, u64>, RuntimeError> {
        let Some(Claimed { connected, .. }) = &self.claimed else {
            return Ok(BTreeMap::new());
        };
        Ok(connected.restarts().await?)
    }

    async fn service(
        &mut self,
        lab: &Lab,
        name: &str,
        logs: Option<(SystemTime, usize)>,
    ) -> Result<ServiceObservation, RuntimeError> {
        Ok(self.claimed(lab)?.connected.observe(name, logs).await?)
    }

    async fn remove_one_offs(&mut self, _lab: &Lab) -> Result<(), RuntimeError> {
        let Some(Claimed { connected, .. }) = &self.claimed else {
            return Ok(());
        };
        let mut containers = connected.engine.containers(&connected.model.name).await?;
        containers.retain(|container| container.is_one_off);
        try_join_all(
            containers
                .iter()
                .map(|container| connected.engine.remove_container(container)),
        )
        .await?;
        Ok(())
    }

    async fn tear_down(&mut self, _lab: &Lab) -> Result<Residue, RuntimeError> {
        let Some(claimed) = &mut self.claimed else {
            return Ok(Residue::default());
        };
        let residue = claimed.connected.take_down(&mut claimed.volumes).await?;
        if let Some(hold) = claimed.hold.take() {
            hold.give_back()?;
        }
        self.claimed = None;
        Ok(residue)
    }

    async fn keep(&mut self, lab: &Lab) -> String {
        let Some(claimed) = &self.claimed else {
            return String::new();
        };
        let message = claimed.connected.how_to_get_in(lab);
        match self.leave_up(Purpose::Kept) {
            Ok(()) => message,
            Err(error) => format!("{message}\n({error})"),
        }
    }
}
