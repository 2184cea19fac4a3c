//! What a document says about itself.

use std::{collections::BTreeMap, time::Duration};

use crate::expect::Redaction;

/// The keys of the front matter that have an effect; unknown ones are ignored.
#[derive(Debug, Clone, Default)]
pub struct FrontMatter {
    /// `shell`: the program, with arguments, for shell blocks.
    pub shell: Option<String>,
    /// `cwd`: one link of the chain of working folders.
    pub cwd: Option<String>,
    /// `tag` and `category`: the document's tags.
    pub tags: Vec<String>,
    /// `skipPrompts`.
    pub skip_prompts: bool,
    /// `runme.session.id`: the document is a record of a session, its blocks are never run.
    pub is_session_record: bool,
    /// The `labctl:` mapping.
    pub labctl: Defaults,
}

/// What `labctl:` in the front matter sets for the whole document.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// `env: {NAME: value}`: variables that `verify` sets for every block.
    pub env: BTreeMap<String, String>,
    /// `timeout: 5m`: deadline of a block.
    pub timeout: Option<Duration>,
    /// `redact: [uuid, …]`: redactions of every snapshot.
    pub redactions: Vec<Redaction>,
    /// `session: shared|separate`.
    pub session: SessionKind,
    /// `up: true`: a foreign runbook asks that its lab be brought up before its first block.
    pub up: bool,
    /// `metrics: URL` or `metrics: {JOB: URL}`: the services' own pages of metrics.
    pub metrics: Vec<MetricsPage>,
    /// `prometheus: URL`: whom queries are asked of.
    pub prometheus: Option<String>,
}

/// Where a service shows its metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsPage {
    /// The label `job` that its series get; `None`: none.
    pub job: Option<String>,
    /// The page, such as `http://localhost:8000/metrics`.
    pub url: String,
}

/// Whether each block has a shell of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionKind {
    /// A fresh process per block; exported variables are carried over.
    #[default]
    Separate,
    /// One shell for all blocks of the document: plain variables, functions and `cd` live on.
    Shared,
}
