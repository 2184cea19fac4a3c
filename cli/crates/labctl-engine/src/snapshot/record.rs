//! What a block printed in several runs, as a snapshot of it.

use std::{fs, path::PathBuf};

use labctl_runbook::{
    Block, Difference, Observation, Runbook,
    expect::{Redaction, SnapshotMode},
    infer, redact,
};

use crate::{
    SnapshotError, Stream,
    snapshot::{SnapshotFile, SnapshotFolder, compare::redacted, folder},
};

/// What came of recording a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It printed nothing, or its snapshot is off.
    Nothing,
    /// The accepted snapshot says it already.
    Known,
    /// A pending snapshot was written, with these rules besides the runbook's own.
    Pending {
        /// The file.
        path: PathBuf,
        /// What varies.
        redactions: Vec<Redaction>,
    },
    /// It printed something else each time, and no rule hides that.
    Varies(Difference),
}

/// Records what the block printed in each of these runs, after the runbook's own redactions.
///
/// # Errors
/// An output was not kept whole; a redaction of the runbook's does not fit; a file cannot be read or written.
pub fn record(
    folder: &SnapshotFolder,
    runbook: &Runbook,
    block: &Block,
    runs: &[&Observation],
) -> Result<Recorded, SnapshotError> {
    if block.expectations.snapshot == SnapshotMode::Off {
        return Ok(Recorded::Nothing);
    }
    let texts: Vec<String> = runs
        .iter()
        .map(|seen| redacted(runbook, block, &seen.stdout))
        .collect::<Result<_, _>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if texts.iter().all(|text| text.is_empty()) {
        return Ok(Recorded::Nothing);
    }
    let redactions = match infer(&texts) {
        Ok(redactions) => redactions,
        Err(difference) => return Ok(Recorded::Varies(difference)),
    };
    let text = redact(texts[0], &redactions)?;
    let seen = folder.entry(block, redactions.clone(), text);
    let accepted = folder.file(&block.name, Stream::Stdout);
    let path = folder::pending(&accepted);
    if SnapshotFile::read(&accepted)?.as_ref() == Some(&seen) {
        // What an earlier run left pending is out of date.
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SnapshotError::io("remove", path)(error))
            }
            _ => Ok(Recorded::Known),
        };
    }
    seen.write(&path)?;
    Ok(Recorded::Pending { path, redactions })
}
