//! `verify --bundle FOLDER`: all that is known of each block that did not pass, a folder for each, for who was not there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use labctl_engine::{LabReport, Outcome, StepReport};

use super::words;
use crate::document::Document;

/// Writes the folders `FOLDER/LAB/BLOCK`; what an earlier run left there of these blocks is replaced. Gives the folders.
///
/// # Errors
/// One cannot be written.
pub(crate) fn write(
    folder: &Path,
    document: &Document,
    report: &LabReport,
) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut written = Vec::new();
    let bad = report
        .steps
        .iter()
        .filter(|step| !step.outcome.is_success() && !matches!(step.outcome, Outcome::Skipped(_)));
    for step in bad {
        let own = folder.join(encoded(&report.lab)).join(encoded(&step.block));
        block(&own, document, report, step).map_err(|error| (own.clone(), error))?;
        written.push(own);
    }
    Ok(written)
}

fn block(own: &Path, document: &Document, report: &LabReport, step: &StepReport) -> io::Result<()> {
    if own.exists() {
        fs::remove_dir_all(own)?;
    }
    fs::create_dir_all(own)?;
    let found = document
        .runbook
        .blocks
        .iter()
        .find(|block| block.line == step.line);
    if let Some(block) = found {
        fs::write(own.join("code"), format!("{}\n", block.code))?;
    }
    let reason = words::reason(step).unwrap_or_default();
    let place = format!("{}:{}", report.runbook.display(), step.line);
    let word = words::outcome(&step.outcome);
    let details = words::details(report, step);
    fs::write(
        own.join("what-happened"),
        format!("{word} {place} {}: {reason}\n\n{details}", step.block),
    )?;
    if let Some(seen) = &step.observation {
        fs::write(own.join("stdout"), &seen.stdout.text)?;
        fs::write(own.join("stderr"), &seen.stderr.text)?;
    }
    if let Some(logs) = &step.service_logs {
        fs::write(own.join("services.log"), logs)?;
    }
    let [lab, block] = [&report.lab, &step.block].map(|text| quoted(text));
    fs::write(
        own.join("again"),
        format!("labctl verify {lab} --block {block} --needs\n"),
    )
}

/// As one name of a folder, and none that leads out of this one.
fn encoded(name: &str) -> String {
    let name = name
        .replace('%', "%25")
        .replace('/', "%2F")
        .replace('\0', "%00");
    match name.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => name,
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
