//! A runbook set up to be played: where, with which variables, and which services are its own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use labctl_docker::{Compose, DockerRuntime, Settings, find_compose_file};
use labctl_engine::{Lab, RuntimeError};
use labctl_runbook::{LabFacts, Part, Plan};

use crate::{
    document::Document, environment::Environment, error::CliError, traces::COLLECTOR_PORT,
};

/// A runbook set up to be played.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) document: Document,
    pub(crate) lab: Lab,
    /// What is the lab's own.
    pub(crate) facts: LabFacts,
    /// The URL at which the lab publishes a collector, if it has one.
    pub(crate) collector: Option<String>,
    /// Why Compose could not be asked, where there is a Compose file.
    pub(crate) compose_error: Option<RuntimeError>,
}

impl Scene {
    /// `cwd`: the folder typed, instead of the runbook's own and its front matter's. `env`: variables for the blocks.
    pub(crate) async fn set(
        document: Document,
        cwd: Option<&Path>,
        env: BTreeMap<String, String>,
    ) -> Result<Self, CliError> {
        let folder = folder(&document, cwd)?;
        let mut lab = Lab {
            name: document.lab.name.clone(),
            folder,
            env,
        };
        let mut facts = LabFacts::default();
        let (mut collector, mut compose_error) = (None, None);
        if find_compose_file(&lab.folder).is_some() {
            match survey(&lab).await {
                Ok((names, build_env, published)) => {
                    facts.compose = names;
                    lab.env.extend(build_env);
                    collector = published;
                }
                Err(error) => compose_error = Some(error),
            }
        }
        Ok(Self {
            document,
            lab,
            facts,
            collector,
            compose_error,
        })
    }

    /// The runtime for playing this plan; `None` where nothing of it needs one.
    ///
    /// # Errors
    /// One is needed, but Compose cannot be had or refuses the lab's file.
    pub(crate) fn runtime(
        &mut self,
        plan: &Plan,
        environment: &Environment,
    ) -> Result<Option<DockerRuntime>, CliError> {
        let moves_services = plan.steps.iter().any(|step| step.part != Part::Ordinary);
        let has_services = find_compose_file(&self.lab.folder).is_some();
        if !has_services || !(self.brings_up() || moves_services) {
            return Ok(None);
        }
        match self.compose_error.take() {
            Some(error) => Err(error.into()),
            None => Ok(Some(runtime(environment))),
        }
    }

    /// Whether the lab is brought up although no block does it.
    pub(crate) fn brings_up(&self) -> bool {
        self.document.lab.is_ours || self.document.runbook.front_matter.labctl.up
    }
}

/// The runtime over Docker.
pub(crate) fn runtime(environment: &Environment) -> DockerRuntime {
    DockerRuntime::new(Settings {
        state_folder: environment.state_folder.clone(),
    })
}

type Survey = (
    labctl_runbook::ComposeNames,
    BTreeMap<String, String>,
    Option<String>,
);

async fn survey(lab: &Lab) -> Result<Survey, RuntimeError> {
    let model = Compose::new(lab).model().await?;
    let published = model.published();
    let collector = published.iter().find(|port| port.port == COLLECTOR_PORT);
    let collector = collector.map(|port| format!("http://127.0.0.1:{}", port.port));
    Ok((model.names(), model.build_env()?, collector))
}

/// The chain of working folders: the runbook's own, then its front matter's `cwd` if that is a folder; or the one typed.
fn folder(document: &Document, cwd: Option<&Path>) -> Result<PathBuf, CliError> {
    let folder = match cwd {
        Some(typed) if typed.is_dir() => typed.to_owned(),
        Some(typed) => {
            return Err(CliError::Usage(format!(
                "--cwd {}: no such folder",
                typed.display()
            )));
        }
        None => {
            let own = document.folder();
            let link = document
                .runbook
                .front_matter
                .cwd
                .as_ref()
                .map(|link| own.join(link));
            link.filter(|linked| linked.is_dir()).unwrap_or(own)
        }
    };
    fs::canonicalize(&folder).map_err(|source| CliError::Read {
        path: folder,
        source,
    })
}
