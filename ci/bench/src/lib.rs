//! What the benchmark programs share.

pub mod bare;
pub mod machine;
mod server;
mod turns;
mod wrk;

pub use server::{Program, Server, healthy_after_ms};
pub use turns::{ServerTurns, Spread, Turns, median};
pub use wrk::{Load, Measured};

/// What a benchmark fails with.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
