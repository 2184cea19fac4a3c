//! The engine through bollard: what is there of a project, in small structs.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use bollard::{
    Docker,
    models::ContainerSummary,
    query_parameters::{
        ListContainersOptions, ListNetworksOptions, ListVolumesOptions, RemoveContainerOptions,
        RemoveVolumeOptions,
    },
};

use crate::{DockerError, sources};

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const ONE_OFF: &str = "com.docker.compose.oneoff";
const WORKING_DIR: &str = "com.docker.compose.project.working_dir";

/// For the first answer; afterwards bollard's own two minutes hold.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// A connection to the engine.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) docker: Docker,
    /// Whether its ports are this machine's ports.
    pub(crate) is_local: bool,
}

/// A container of a Compose project.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) id: String,
    /// Without the leading slash.
    pub(crate) name: String,
    /// Its service; empty where no label says so.
    pub(crate) service: String,
    /// Whether `compose run` made it.
    pub(crate) is_one_off: bool,
    /// `running`, `exited` …
    pub(crate) state: String,
    /// Its volumes, by name, anonymous ones included.
    pub(crate) volumes: Vec<String>,
    /// The folder its project was brought up from.
    pub(crate) working_dir: Option<String>,
    /// Its label `labctl.sources`, which it has from its image.
    pub(crate) sources: Option<String>,
    /// Host ports: address, port, protocol.
    pub(crate) ports: Vec<(String, u16, String)>,
}

impl Engine {
    /// Connects and asks for the version.
    ///
    /// # Errors
    /// [`DockerError::Unreachable`].
    pub(crate) async fn connect(host: &str) -> Result<Self, DockerError> {
        let unreachable = |source| DockerError::Unreachable {
            host: host.to_owned(),
            source,
        };
        let docker =
            Docker::connect_with_host(host).map_err(|error| unreachable(Some(Box::new(error))))?;
        let docker = tokio::time::timeout(CONNECT_DEADLINE, docker.negotiate_version())
            .await
            .map_err(|_| unreachable(None))?
            .map_err(|error| unreachable(Some(Box::new(error))))?;
        Ok(Self {
            docker,
            is_local: host.starts_with("unix://"),
        })
    }

    /// The project's containers, stopped ones and one-off ones included, in the order of their names.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn containers(&self, project: &str) -> Result<Vec<Container>, DockerError> {
        self.list(
            Some(project),
            &format!("list the containers of `{project}`"),
        )
        .await
    }

    /// Every running container of the engine.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn all_containers(&self) -> Result<Vec<Container>, DockerError> {
        self.list(None, "list the containers").await
    }

    async fn list(
        &self,
        project: Option<&str>,
        doing: &str,
    ) -> Result<Vec<Container>, DockerError> {
        let options = ListContainersOptions {
            all: project.is_some(),
            filters: project.map(by_project),
            ..ListContainersOptions::default()
        };
        let summaries = self
            .docker
            .list_containers(Some(options))
            .await
            .map_err(DockerError::engine(doing))?;
        let mut containers: Vec<Container> = summaries.into_iter().map(container).collect();
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(containers)
    }

    /// The project's networks, by name.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn networks(&self, project: &str) -> Result<Vec<String>, DockerError> {
        let options = ListNetworksOptions {
            filters: Some(by_project(project)),
        };
        let networks =
            self.docker
                .list_networks(Some(options))
                .await
                .map_err(DockerError::engine(format!(
                    "list the networks of `{project}`"
                )))?;
        Ok(networks.into_iter().filter_map(|n| n.name).collect())
    }

    /// The project's named volumes.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn volumes(&self, project: &str) -> Result<BTreeSet<String>, DockerError> {
        self.volumes_with(Some(by_project(project))).await
    }

    /// Every volume of the engine, by name.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn all_volumes(&self) -> Result<BTreeSet<String>, DockerError> {
        self.volumes_with(None).await
    }

    async fn volumes_with(
        &self,
        filters: Option<HashMap<String, Vec<String>>>,
    ) -> Result<BTreeSet<String>, DockerError> {
        let listed = self
            .docker
            .list_volumes(Some(ListVolumesOptions { filters }))
            .await
            .map_err(DockerError::engine("list the volumes"))?;
        let volumes = listed.volumes.unwrap_or_default();
        Ok(volumes.into_iter().map(|volume| volume.name).collect())
    }

    /// Removes a container by force, with its anonymous volumes. One that is gone already is no error.
    ///
    /// # Errors
    /// The engine failed.
    pub(crate) async fn remove_container(&self, container: &Container) -> Result<(), DockerError> {
        let options = RemoveContainerOptions {
            v: true,
            force: true,
            link: false,
        };
        let removed = self
            .docker
            .remove_container(&container.id, Some(options))
            .await;
        gone_is_fine(removed).map_err(DockerError::engine(format!(
            "remove the container `{}`",
            container.name
        )))
    }

    /// Removes a network. One that is gone already is no error.
    ///
    /// # Errors
    /// The engine failed: containers of others use it.
    pub(crate) async fn remove_network(&self, name: &str) -> Result<(), DockerError> {
        gone_is_fine(self.docker.remove_network(name).await)
            .map_err(DockerError::engine(format!("remove the network `{name}`")))
    }

    /// Removes a volume. One that is gone already is no error.
    ///
    /// # Errors
    /// The engine failed: containers of others use it.
    pub(crate) async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        let options = RemoveVolumeOptions { force: true };
        gone_is_fine(self.docker.remove_volume(name, Some(options)).await)
            .map_err(DockerError::engine(format!("remove the volume `{name}`")))
    }
}

fn by_project(project: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{PROJECT}={project}")])])
}

/// Gone (404), or somebody else is removing it right now (409).
fn gone_is_fine(removed: Result<(), bollard::errors::Error>) -> Result<(), bollard::errors::Error> {
    match removed {
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code: 404, ..
        }) => Ok(()),
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code: 409,
            message,
        }) if message.contains("already in progress") => Ok(()),
        other => other,
    }
}

fn container(summary: ContainerSummary) -> Container {
    let labels = summary.labels.unwrap_or_default();
    let label = |key: &str| labels.get(key).cloned();
    let mut ports: Vec<_> = summary
        .ports
        .unwrap_or_default()
        .into_iter()
        .filter_map(|port| {
            let protocol = port.typ.map_or_else(|| "tcp".to_owned(), |t| t.to_string());
            Some((port.ip.unwrap_or_default(), port.public_port?, protocol))
        })
        .collect();
    ports.sort();
    Container {
        id: summary.id.unwrap_or_default(),
        name: summary
            .names
            .unwrap_or_default()
            .first()
            .map(|name| name.trim_start_matches('/').to_owned())
            .unwrap_or_default(),
        service: label(SERVICE).unwrap_or_default(),
        is_one_off: label(ONE_OFF).is_some_and(|value| value.eq_ignore_ascii_case("true")),
        state: summary.state.map(|s| s.to_string()).unwrap_or_default(),
        volumes: summary
            .mounts
            .unwrap_or_default()
            .into_iter()
            .filter(|mount| mount.typ.as_deref() == Some("volume"))
            .filter_map(|mount| mount.name)
            .collect(),
        working_dir: label(WORKING_DIR),
        sources: label(sources::LABEL),
        ports,
    }
}
