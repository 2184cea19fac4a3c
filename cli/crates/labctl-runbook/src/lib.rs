//! The runbook language: a Markdown document in; blocks, expectations, a plan and verdicts out.
//!
//! Pure: `&str` in, values out. No file, no clock, no process, no network (its `Cargo.toml` keeps that).

mod assemble;
mod attach;
mod attributes;
mod block;
mod captures;
mod classify;
mod code;
mod comments;
mod description;
mod diagnostic;
pub mod expect;
mod front_matter;
mod lint;
mod markdown;
pub mod metrics;
mod names;
mod observation;
mod plan;
mod redact;
mod runbook;
mod script;
mod shell_block;
mod span;
mod suggestion;
pub mod traces;
mod verdict;

pub use attributes::Attributes;
pub use block::{Block, Language, ShellKind};
pub use captures::Captures;
pub use classify::{ComposeNames, NeededCommand, commands_needed};
pub use diagnostic::{Diagnostic, Severity};
pub use front_matter::{Defaults, FrontMatter, MetricsPage, SessionKind};
pub use lint::{LintFacts, SnapshotHeader, lint};
pub use metrics::MetricObservation;
pub use observation::{
    ExitStatus, HttpObservation, Observation, Output, ServiceObservation, TraceObservation,
};
pub use plan::{
    Action, BUILD_DEADLINE, Candidate, DEFAULT_DEADLINE, LabFacts, PERSON_DEADLINE, Part, Plan,
    RunOptions, SelectError, Selection, SkipReason, Step, VerifyOptions, Wanted, check_needs,
};
pub use redact::{Difference, RedactError, infer, json_values, redact};
pub use runbook::Runbook;
pub use span::{LineIndex, Position, Span};
pub use suggestion::nearest_word;
pub use verdict::{Judgement, Verdict};
