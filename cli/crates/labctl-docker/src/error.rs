//! What can go wrong between labctl, Compose and the engine, told with the command that mends it.

use std::{io, path::PathBuf, time::Duration};

use labctl_engine::{NotReady, RuntimeError};

/// What could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DockerError {
    /// There is no `docker` command.
    #[error(
        "docker is not installed: no `docker` on the PATH; install Docker Engine, then run `labctl doctor`"
    )]
    NoDocker,
    /// No engine answers.
    #[error("the Docker engine at {host} cannot be reached: start it, or set DOCKER_HOST")]
    Unreachable {
        /// Where it was looked for.
        host: String,
        /// Why not.
        #[source]
        source: Option<Box<bollard::errors::Error>>,
    },
    /// The command has no Compose plugin.
    #[error(
        "docker has no Compose plugin: run `ci/setup`, or install the package `docker-compose-plugin` (2.20 or newer)"
    )]
    NoCompose,
    /// The Compose plugin is too old.
    #[error(
        "Docker Compose {version} is too old: 2.20 is needed; run `ci/setup`, or install the package `docker-compose-plugin`"
    )]
    OldCompose {
        /// What it says it is.
        version: String,
    },
    /// No Compose file is in the lab's folder or above it.
    #[error("no compose file in {}", folder.display())]
    NoComposeFile {
        /// The folder.
        folder: PathBuf,
    },
    /// A process could not be started.
    #[error("cannot start `{command}`")]
    Start {
        /// The process.
        command: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A process took too long and was ended.
    #[error("`{command}` did not end within {} s", deadline.as_secs())]
    Late {
        /// The process.
        command: String,
        /// What it had.
        deadline: Duration,
    },
    /// Compose refused.
    #[error("`{command}` failed: {said}")]
    Compose {
        /// The command as one would type it.
        command: String,
        /// The end of what it said on standard error.
        said: String,
    },
    /// The normalised Compose model could not be read.
    #[error("cannot read what `docker compose config` says of {}", folder.display())]
    Model {
        /// The lab's folder.
        folder: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// An image is neither here nor to be had.
    #[error(
        "the image `{image}` of service `{service}` cannot be had: run `ci/setup`, which pulls it or builds an equivalent ({said})"
    )]
    Image {
        /// The image.
        image: String,
        /// The first service that needs it.
        service: String,
        /// What Compose said, one line.
        said: String,
    },
    /// The engine refused or failed.
    #[error("cannot {doing}")]
    Engine {
        /// What was tried, such as "list the containers of `lab08`".
        doing: String,
        /// The cause.
        #[source]
        source: Box<bollard::errors::Error>,
    },
    /// Another run holds the lab.
    #[error("lab {lab} is in use by {holder}; wait for it to end")]
    Held {
        /// The lab.
        lab: String,
        /// The holder, with process, since when and folder.
        holder: String,
    },
    /// The lab is up, and not by a run of ours that died.
    #[error("lab {lab} is already up ({by}); take it down first: {command}")]
    AlreadyUp {
        /// The lab.
        lab: String,
        /// Who brought it up, from where.
        by: String,
        /// What takes it down.
        command: String,
    },
    /// The lab has no such service.
    #[error("no service named `{service}`; there are {}", known.join(", "))]
    NoSuchService {
        /// As asked for.
        service: String,
        /// The lab's services.
        known: Vec<String>,
    },
    /// A claim speaks of one container.
    #[error("service `{service}` has {} containers: name one of {}", containers.len(), containers.join(", "))]
    SeveralContainers {
        /// As asked for.
        service: String,
        /// Their names.
        containers: Vec<String>,
    },
    /// The engine was too slow.
    #[error("the engine gave no answer about {asked} in {} s", waited.as_secs())]
    NoAnswer {
        /// About what.
        asked: String,
        /// How long was waited.
        waited: Duration,
    },
    /// Host ports that the lab publishes are taken.
    #[error("{}", .0.join("; "))]
    PortsTaken(
        /// One fragment a port, with the holder.
        Vec<String>,
    ),
    /// A running container was built from sources other than the ones here.
    #[error(
        "the image of `{service}` was built from other sources ({found}); run `ci/setup`, or `docker compose build`"
    )]
    StaleBuild {
        /// The service.
        service: String,
        /// What its label says, shortened.
        found: String,
    },
    /// Sources named under `x-labctl` could not be read.
    #[error("cannot read the sources at {}", path.display())]
    Sources {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The state folder could not be used.
    #[error("cannot {doing} {}", path.display())]
    State {
        /// What was tried, such as "write".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Services were not ready.
    #[error("not ready")]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// Which.
        services: Vec<NotReady>,
    },
}

impl DockerError {
    /// An engine call that failed while doing something.
    pub(crate) fn engine(doing: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Engine {
            doing,
            source: Box::new(source),
        }
    }
}

impl From<DockerError> for RuntimeError {
    fn from(error: DockerError) -> Self {
        match error {
            DockerError::NotReady { waited, services } => Self::NotReady { waited, services },
            DockerError::NoSuchService { service, known } => {
                Self::UnknownService { service, known }
            }
            other => Self::Unavailable {
                message: other.to_string(),
                source: std::error::Error::source(&other).map(|cause| cause.to_string().into()),
            },
        }
    }
}
