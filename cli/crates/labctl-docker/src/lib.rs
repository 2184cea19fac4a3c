//! The runtime over Docker: Compose starts and stops a lab's services, the engine tells how they are.
//!
//! [`DockerRuntime`] is what a run needs; its further methods are what the commands `up`, `down`, `status`, `logs` and
//! `doctor` do. Nothing outside this crate knows that there are containers.

mod ask;
mod compose;
mod doctor;
mod engine;
mod error;
mod host;
mod logs;
mod model;
mod ports;
mod process;
mod readiness;
mod record;
mod runtime;
mod services;
mod sources;
mod sweep;

pub use compose::{Compose, find_compose_file};
pub use doctor::{Check, CheckState};
pub use error::DockerError;
pub use host::{ServicesHost, services_hosts};
pub use model::{ComposeModel, ComposeService, PublishedPort};
pub use record::Purpose;
pub use runtime::{DockerRuntime, Settings};
pub use services::{ServiceStatus, TakenDown};
