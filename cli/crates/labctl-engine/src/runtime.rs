//! What brings a lab's services up and down: the seam to Docker.

use std::{
    collections::BTreeMap,
    future::Future,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use labctl_runbook::ServiceObservation;

/// What a runtime must know of a lab.
#[derive(Debug, Clone)]
pub struct Lab {
    /// Its slug, or the path of a foreign runbook: for messages.
    pub name: String,
    /// The folder its blocks start in, where its service description is looked for.
    pub folder: PathBuf,
    /// Variables its blocks run with besides the caller's own.
    pub env: BTreeMap<String, String>,
}

/// Brings a lab's services up, waits, looks, takes down.
///
/// Every method has a deadline of its own and leaves nothing half-done that [`Runtime::tear_down`] would not remove.
pub trait Runtime {
    /// Takes the lab for this run: a lock, a run record, what a killed run left removed. Returns what a person should
    /// know (lower-case fragments).
    ///
    /// # Errors
    /// The lab is held by another run or was brought up by somebody else; the engine cannot be reached; Compose is
    /// missing or too old.
    fn claim(&mut self, lab: &Lab) -> impl Future<Output = Result<Vec<String>, RuntimeError>>;

    /// Variables that the blocks of the claimed lab run with besides [`Lab::env`], such as the digest that images built
    /// by them are labelled with.
    fn block_env(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Brings all services up and waits until they are ready.
    ///
    /// # Errors
    /// As [`Runtime::wait_ready`], and what Compose said where it failed.
    fn bring_up(&mut self, lab: &Lab) -> impl Future<Output = Result<(), RuntimeError>>;

    /// Waits until every service that was started is ready: healthy where it has a health check, ended with code 0
    /// where it is one-shot, running otherwise; and not built from other sources than the ones here.
    ///
    /// # Errors
    /// [`RuntimeError::NotReady`] at the deadline or as soon as it is certain; the engine gone; a stale build.
    fn wait_ready(
        &mut self,
        lab: &Lab,
        deadline: Duration,
    ) -> impl Future<Output = Result<(), RuntimeError>>;

    /// The services' log lines since `since`, each with its service's name, at most `limit` bytes (the end counts).
    ///
    /// # Errors
    /// The engine cannot be reached.
    fn logs_since(
        &mut self,
        lab: &Lab,
        since: SystemTime,
        limit: usize,
    ) -> impl Future<Output = Result<String, RuntimeError>>;

    /// How often each service's container has restarted so far.
    ///
    /// # Errors
    /// The engine cannot be reached.
    fn restarts(
        &mut self,
        lab: &Lab,
    ) -> impl Future<Output = Result<BTreeMap<String, u64>, RuntimeError>>;

    /// What a service is like now. `name`: the Compose service, or a container's name. `logs`: from when on its log
    /// lines are wanted, and at most how many bytes (the end counts); `None` where they are not.
    ///
    /// # Errors
    /// [`RuntimeError::UnknownService`]; it has several containers; the lab is not held; the engine cannot be reached.
    fn service(
        &mut self,
        lab: &Lab,
        name: &str,
        logs: Option<(SystemTime, usize)>,
    ) -> impl Future<Output = Result<ServiceObservation, RuntimeError>>;

    /// Stops and removes one-off containers (`compose run`), which outlive the command that started them.
    ///
    /// # Errors
    /// The engine cannot be reached.
    fn remove_one_offs(&mut self, lab: &Lab) -> impl Future<Output = Result<(), RuntimeError>>;

    /// Takes everything of the lab down and gives it free again; says what is still there afterwards.
    ///
    /// # Errors
    /// Compose or the engine failed; what is left then is unknown.
    fn tear_down(&mut self, lab: &Lab) -> impl Future<Output = Result<Residue, RuntimeError>>;

    /// Leaves the lab up (`--keep`) and says how to get in.
    fn keep(&mut self, lab: &Lab) -> impl Future<Output = String>;
}

/// For a runbook without services: there is no value of it.
#[derive(Debug)]
pub enum NoRuntime {}

impl Runtime for NoRuntime {
    async fn claim(&mut self, _lab: &Lab) -> Result<Vec<String>, RuntimeError> {
        match *self {}
    }

    async fn bring_up(&mut self, _lab: &Lab) -> Result<(), RuntimeError> {
        match *self {}
    }

    async fn wait_ready(&mut self, _lab: &Lab, _deadline: Duration) -> Result<(), RuntimeError> {
        match *self {}
    }

    async fn logs_since(
        &mut self,
        _lab: &Lab,
        _since: SystemTime,
        _limit: usize,
    ) -> Result<String, RuntimeError> {
        match *self {}
    }

    async fn restarts(&mut self, _lab: &Lab) -> Result<BTreeMap<String, u64>, RuntimeError> {
        match *self {}
    }

    async fn service(
        &mut self,
        _lab: &Lab,
        _name: &str,
        _logs: Option<(SystemTime, usize)>,
    ) -> Result<ServiceObservation, RuntimeError> {
        match *self {}
    }

    async fn remove_one_offs(&mut self, _lab: &Lab) -> Result<(), RuntimeError> {
        match *self {}
    }

    async fn tear_down(&mut self, _lab: &Lab) -> Result<Residue, RuntimeError> {
        match *self {}
    }

    async fn keep(&mut self, _lab: &Lab) -> String {
        match *self {}
    }
}

/// What a teardown left behind, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Residue {
    /// Containers.
    pub containers: Vec<String>,
    /// Networks.
    pub networks: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
}

/// A service that is not ready, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady {
    /// The service.
    pub service: String,
    /// Its state, such as "unhealthy" or "exited with code 1".
    pub state: String,
    /// Its last log lines.
    pub log_tail: String,
}

/// What a runtime could not do.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Services were not ready in time.
    #[error("not ready after {}: {}", humane(*.waited), services.iter().map(|s| format!("{} ({})", s.service, s.state)).collect::<Vec<_>>().join(", "))]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// Which.
        services: Vec<NotReady>,
    },
    /// The lab has no such service.
    #[error("no service named `{service}`; there are {}", known.join(", "))]
    UnknownService {
        /// As asked for.
        service: String,
        /// The lab's services.
        known: Vec<String>,
    },
    /// Anything else, told in full by the runtime: what, why, and the command that mends it.
    #[error("{message}")]
    Unavailable {
        /// A lower-case fragment that names what is missing and how to get it.
        message: String,
        /// The cause, if there is one below it.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

fn humane(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
