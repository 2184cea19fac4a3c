//! The session, its decisions and its effects, without processes and without services.

mod bench;
mod claims;
mod decisions;
mod flow;
mod http;
mod metrics;
mod services;
mod shell;
mod snapshots;
mod traces;
