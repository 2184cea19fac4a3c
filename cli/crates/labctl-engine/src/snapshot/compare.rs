//! What a block printed, against what was accepted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use labctl_runbook::{
    Block, Observation, Output, RedactError, Runbook, expect::SnapshotMode, redact,
};
use similar::TextDiff;

use crate::{
    SnapshotError, SnapshotOutcome, Stream,
    snapshot::{SnapshotFile, SnapshotFolder, file::normalized, folder},
};

/// What came of a block's snapshots: the worst of its streams.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) snapshot: Option<SnapshotOutcome>,
    pub(crate) notes: Vec<String>,
}

/// Compares the block's output with what was accepted, and leaves a pending file where it is another one.
///
/// # Errors
/// A snapshot cannot be read; the output was not kept whole; a redaction does not fit it.
pub(crate) fn compare(
    folder: &SnapshotFolder,
    runbook: &Runbook,
    block: &Block,
    observation: &Observation,
) -> Result<Compared, SnapshotError> {
    let mut compared = Compared::default();
    for stream in [Stream::Stdout, Stream::Stderr] {
        if !is_compared(folder, block, stream) {
            continue;
        }
        let output = match stream {
            Stream::Stdout => &observation.stdout,
            Stream::Stderr => &observation.stderr,
        };
        let text = redacted(runbook, block, output)?;
        let outcome = compare_text(folder, block, stream, &text, &mut compared.notes)?;
        let is_good = matches!(compared.snapshot, None | Some(SnapshotOutcome::Matched));
        if is_good {
            compared.snapshot = Some(outcome);
        }
    }
    Ok(compared)
}

fn is_compared(folder: &SnapshotFolder, block: &Block, stream: Stream) -> bool {
    match (block.expectations.snapshot, stream) {
        (SnapshotMode::Unsaid, _) => folder.has(&block.name, stream),
        (SnapshotMode::Off, _)
        | (SnapshotMode::Stdout, Stream::Stderr)
        | (SnapshotMode::Stderr, Stream::Stdout) => false,
        (SnapshotMode::Stdout, Stream::Stdout)
        | (SnapshotMode::Stderr, Stream::Stderr)
        | (SnapshotMode::Both, _) => true,
    }
}

/// The output with its volatile values hidden: by the block's own rules, and by the document's, which need not find
/// anything in every block.
pub(super) fn redacted(
    runbook: &Runbook,
    block: &Block,
    output: &Output,
) -> Result<String, SnapshotError> {
    if output.omitted_bytes > 0 {
        return Err(SnapshotError::Truncated {
            omitted_bytes: output.omitted_bytes,
        });
    }
    let mut text = output.text.clone();
    let (with_path, anywhere): (Vec<_>, Vec<_>) = runbook
        .front_matter
        .labctl
        .redactions
        .iter()
        .cloned()
        .partition(|rule| rule.path.is_some());
    for rule in with_path {
        text = match redact(&text, &[rule]) {
            Err(RedactError::SelectsNothing { .. }) => text,
            result => result?,
        };
    }
    let rules = [block.expectations.redactions.clone(), anywhere].concat();
    Ok(normalized(&redact(&text, &rules)?))
}

fn compare_text(
    folder: &SnapshotFolder,
    block: &Block,
    stream: Stream,
    text: &str,
    notes: &mut Vec<String>,
) -> Result<SnapshotOutcome, SnapshotError> {
    let path = folder.file(&block.name, stream);
    let accepted = SnapshotFile::read(&path)?;
    // What was recorded with rules and is not accepted yet keeps them; what cannot be read is written anew.
    let pending = match accepted {
        None => SnapshotFile::read(&folder::pending(&path)).ok().flatten(),
        Some(_) => None,
    };
    let known = accepted.as_ref().or(pending.as_ref());
    let rules = known
        .map(|file| file.redactions.clone())
        .unwrap_or_default();
    let text = redact(text, &rules)?;
    let seen = folder.entry(block, rules, text);
    match accepted {
        Some(accepted)
            if accepted.text == seen.text && accepted.code_digest == seen.code_digest =>
        {
            // What an earlier run left pending is out of date.
            remove_pending(&path, notes);
            Ok(SnapshotOutcome::Matched)
        }
        Some(accepted) if accepted.text == seen.text => {
            let _ = write_pending(folder, &path, &seen, notes);
            Ok(SnapshotOutcome::Stale)
        }
        Some(accepted) => Ok(SnapshotOutcome::Differed {
            pending: write_pending(folder, &path, &seen, notes),
            diff: diff(&accepted.text, &seen.text),
        }),
        None => Ok(SnapshotOutcome::New(write_pending(
            folder, &path, &seen, notes,
        ))),
    }
}

fn write_pending(
    folder: &SnapshotFolder,
    accepted: &Path,
    seen: &SnapshotFile,
    notes: &mut Vec<String>,
) -> Option<PathBuf> {
    if folder.is_read_only {
        return None;
    }
    let pending = folder::pending(accepted);
    match seen.write(&pending) {
        Ok(()) => Some(pending),
        Err(error) => {
            notes.push(format!(
                "the pending snapshot could not be written: {}",
                crate::in_full(&error)
            ));
            None
        }
    }
}

fn remove_pending(accepted: &Path, notes: &mut Vec<String>) {
    let pending = folder::pending(accepted);
    match fs::remove_file(&pending) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            notes.push(format!(
                "{} is out of date and could not be removed: {error}",
                pending.display()
            ));
        }
        _ => {}
    }
}

/// A unified diff, from what was accepted to what was seen.
pub(super) fn diff(accepted: &str, seen: &str) -> String {
    // A text ends with a line end here; nothing accepted has no line at all.
    let line_ended = |text: &str| match text {
        "" => String::new(),
        text => format!("{text}\n"),
    };
    let (accepted, seen) = (line_ended(accepted), line_ended(seen));
    TextDiff::from_lines(&accepted, &seen)
        .unified_diff()
        .context_radius(3)
        .header("accepted", "seen")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_that_was_not_kept_whole_is_not_compared() {
        let page = "```bash {\"name\": \"read\"}\ntrue\n```\n<!-- expect\nsnapshot stdout\n-->\n";
        let runbook = Runbook::parse(page);
        let folder = SnapshotFolder {
            path: "/no/such/folder".into(),
            source: "08.md".to_owned(),
            is_read_only: true,
        };
        let seen = Observation {
            exit: labctl_runbook::ExitStatus::Code(0),
            stdout: Output::cut("head\n", 9, "tail\n"),
            stderr: Output::default(),
            duration: std::time::Duration::ZERO,
        };
        let compared = compare(&folder, &runbook, &runbook.blocks[0], &seen);
        let error = compared.unwrap_err();
        assert!(
            matches!(error, SnapshotError::Truncated { omitted_bytes: 9 }),
            "{error}"
        );
    }

    #[test]
    fn a_first_snapshot_takes_nothing_away() {
        assert_eq!(
            diff("", "a\nb"),
            "--- accepted\n+++ seen\n@@ -0,0 +1,2 @@\n+a\n+b\n"
        );
    }
}
