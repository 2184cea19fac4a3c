//! A key-value store whose acknowledged writes survive: each is in a write-ahead log, synced, before its answer.
//!
//! [`wal`] is the log: synchronous, generic over the disk, usable without the rest. [`Store`] is the contents over it,
//! [`app`] the HTTP interface over that; `main.rs` only reads the configuration and ends the process.

mod app;
mod config;
mod crash;
mod http;
mod json_text;
mod map;
mod metrics;
#[cfg(feature = "simulation")]
pub mod simulation;
mod state;
mod store;
pub mod wal;

pub use app::app;
pub use config::{Config, LogConfig, PathError, WrongConfig};
pub use crash::CrashButton;
pub use map::{Entry, Map};
pub use metrics::Metrics;
pub use state::AppState;
pub use store::{
    CheckpointRefused, LogFigures, OpenError, ReadLog, Stats, Store, StoreGuard, StoreOptions,
    WriteRefused,
};
