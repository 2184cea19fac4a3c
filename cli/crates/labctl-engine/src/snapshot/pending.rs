//! Review: what is pending, and its acceptance or rejection.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    SnapshotError,
    snapshot::{SnapshotFile, compare::diff, folder},
};

/// A recorded output that waits for a person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSnapshot {
    /// The pending file, `….snap.new`.
    pub path: PathBuf,
    /// The accepted file, whether it exists or not.
    pub accepted_path: PathBuf,
    /// What is accepted so far; `None`: nothing.
    pub accepted: Option<SnapshotFile>,
    /// What was recorded.
    pub recorded: SnapshotFile,
}

/// Every pending snapshot in `folder`, by file name; none if there is no such folder.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn pending_in(folder: &Path) -> Result<Vec<PendingSnapshot>, SnapshotError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SnapshotError::io("read", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(SnapshotError::io("read", folder))?.path();
        let Some(accepted_path) = folder::accepted(&path) else {
            continue;
        };
        let accepted = SnapshotFile::read(&accepted_path)?;
        if let Some(recorded) = SnapshotFile::read(&path)? {
            found.push(PendingSnapshot {
                path,
                accepted_path,
                accepted,
                recorded,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

impl PendingSnapshot {
    /// A unified diff, from what is accepted to what was recorded.
    pub fn diff(&self) -> String {
        diff(
            self.accepted.as_ref().map_or("", |accepted| &accepted.text),
            &self.recorded.text,
        )
    }

    /// Whether only the block's code changed.
    pub fn is_same_text(&self) -> bool {
        self.accepted
            .as_ref()
            .is_some_and(|accepted| accepted.text == self.recorded.text)
    }

    /// Makes the recorded output the accepted one, in one step.
    ///
    /// # Errors
    /// The file cannot be moved.
    pub fn accept(self) -> Result<(), SnapshotError> {
        fs::rename(&self.path, &self.accepted_path).map_err(SnapshotError::io("accept", self.path))
    }

    /// Forgets the recorded output.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn reject(self) -> Result<(), SnapshotError> {
        fs::remove_file(&self.path).map_err(SnapshotError::io("reject", self.path))
    }
}
