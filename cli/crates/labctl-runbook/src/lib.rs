//! The runbook language: a Markdown document in; blocks, expectations, a plan and verdicts out.
//!
//! Pure: `&str` in, values out. No file, no clock, no process, no network (its `Cargo.toml` keeps that).

mod block;
mod captures;
mod diagnostic;
pub mod expect;
mod front_matter;
mod observation;
mod plan;
mod runbook;
mod span;
mod verdict;

pub use block::{Attributes, Block, Language, ShellKind};
pub use captures::Captures;
pub use diagnostic::{Diagnostic, Severity};
pub use front_matter::{Defaults, FrontMatter, SessionKind};
pub use observation::{ExitStatus, Observation, Output};
pub use plan::{Action, Part, Plan, SkipReason, Step};
pub use runbook::Runbook;
pub use span::{Position, Span};
pub use verdict::{Judgement, Verdict};
