//! What the blocks need on this machine.

use labctl_engine::{MissingTool, missing_tools};
use labctl_runbook::LineIndex;

use super::turn::Turn;
use crate::{document::Document, environment::Environment, error::CliError};

/// Every command that some lab's blocks use must be on this machine.
pub(in crate::commands) fn check_tools(
    turns: &[Turn],
    environment: &Environment,
) -> Result<(), CliError> {
    let told: Vec<String> = turns
        .iter()
        .flat_map(|turn| {
            let document = &turn.scene.document;
            let missing = missing_tools(&turn.plan, &document.runbook, &environment.search_path);
            told(document, &missing)
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(CliError::Errored(format!(
        "not on this machine: {}; nothing was started",
        told.join("; ")
    )))
}

fn told(document: &Document, missing: &[MissingTool]) -> Vec<String> {
    let lines = LineIndex::new(&document.source);
    missing
        .iter()
        .map(|tool| {
            let line = lines.line(tool.command.span.start());
            let help = tool
                .help
                .as_ref()
                .map(|help| format!(" ({help})"))
                .unwrap_or_default();
            format!(
                "`{}`, used at {}:{line}{help}",
                tool.command.name,
                document.lab.runbook.display()
            )
        })
        .collect()
}
