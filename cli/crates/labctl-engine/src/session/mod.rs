//! A plan is played: [`verify_lab`] judges every block, [`run_blocks`] plays some for a person.
//!
//! The decisions are in `state`, the effects in `pump`.

mod ask;
mod attempt;
mod claims;
mod deadline;
mod guard;
mod invocation;
mod judge;
mod lab_run;
mod metrics;
mod output;
mod play;
mod pump;
mod search_path;
mod services;
mod state;
#[cfg(test)]
mod tests;
mod tools;
mod until;
mod weak;

pub use lab_run::LabRun;
pub use metrics::{Curve, MetricsLook, look_at_metrics, query_range};
pub use play::{Played, run_blocks};
pub use pump::verify_lab;
pub use search_path::SearchPath;
pub use tools::{MissingTool, missing_tools};
