//! A key-value store whose acknowledged writes survive: each is in a write-ahead log, synced, before its answer.
//!
//! [`wal`] is the log: synchronous, generic over the disk, usable without the rest.

mod map;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod wal;

pub use map::{Entry, Map};
