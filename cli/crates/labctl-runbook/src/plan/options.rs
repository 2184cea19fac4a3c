//! What a plan depends on besides the runbook.

use std::time::Duration;

use crate::ComposeNames;

/// What is known of a lab from outside its runbook.
#[derive(Debug, Clone, Default)]
pub struct LabFacts {
    /// What is the lab's own; empty if there is no Compose file or it could not be read.
    pub compose: ComposeNames,
}

/// What the caller of `verify` asks for.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Blocks that harm what is not the lab's own are played too.
    pub allow_destructive: bool,
    /// Blocks on demand are played too, the ones after the cleanup right before it.
    pub on_demand: bool,
    /// A deadline for every block that has none of its own.
    pub timeout: Option<Duration>,
}

/// What the caller of `run` asks for besides the blocks.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Blocks that harm what is not the lab's own are played too.
    pub allow_destructive: bool,
    /// A deadline for every block that has none of its own.
    pub timeout: Option<Duration>,
}
