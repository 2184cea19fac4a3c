//! From a runbook to a plan: which blocks are played, in which order, how, and which not and why.

mod deadline;
mod explain;
mod narrow;
mod needs;
mod options;
mod parts;
mod run;
mod select;
mod step;
#[cfg(test)]
mod tests;
mod verify;

pub use deadline::{BUILD_DEADLINE, DEFAULT_DEADLINE, PERSON_DEADLINE};
pub use narrow::Wanted;
pub use needs::check_needs;
pub use options::{LabFacts, RunOptions, VerifyOptions};
pub use select::{Candidate, SelectError, Selection};
pub use step::{Action, Part, Plan, SkipReason, Step};
pub(crate) use verify::not_code;
