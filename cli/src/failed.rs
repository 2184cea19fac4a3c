//! The blocks that did not pass when they were last played, for `verify --failed`; a file for each lab in the state folder.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use labctl_engine::{LabReport, Outcome};

use crate::{environment::Environment, error::CliError};

/// Their names; what cannot be read is none.
pub(crate) fn read(environment: &Environment, lab: &str) -> Vec<String> {
    let text = fs::read(file(environment, lab)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Takes down what came of a lab that was played, once or several times; what was not played stays as it was.
///
/// # Errors
/// The state folder cannot be written.
pub(crate) fn note(
    environment: &Environment,
    lab: &str,
    reports: &[&LabReport],
) -> Result<(), CliError> {
    let mut names: BTreeSet<_> = read(environment, lab).into_iter().collect();
    let steps = || reports.iter().flat_map(|report| &report.steps);
    for step in steps().filter(|step| step.outcome.is_success()) {
        names.remove(&step.block);
    }
    let is_bad =
        |outcome: &Outcome| !outcome.is_success() && !matches!(outcome, Outcome::Skipped(_));
    names.extend(
        steps()
            .filter(|step| is_bad(&step.outcome))
            .map(|step| step.block.clone()),
    );
    let path = file(environment, lab);
    let written = if names.is_empty() {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    } else {
        environment.keep(&path, &serde_json::to_vec(&names).unwrap_or_default())
    };
    written.map_err(|source| CliError::Write { path, source })
}

fn file(environment: &Environment, lab: &str) -> PathBuf {
    environment.file_of("failed", lab)
}
