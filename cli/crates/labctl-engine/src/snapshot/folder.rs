//! A lab's folder of snapshots.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use labctl_runbook::{Block, Runbook, expect::Redaction};

use crate::{
    Stream,
    snapshot::{SnapshotFile, digest},
};

/// A lab's folder of snapshots: one file per block, `<block>.snap`, and `<block>.stderr.snap` where asked.
#[derive(Debug, Clone)]
pub struct SnapshotFolder {
    /// The folder; it need not exist.
    pub path: PathBuf,
    /// What a file's header calls the runbook: its path relative to the workspace.
    pub source: String,
    /// Nothing pending is written: an automatic run, which nobody reviews.
    pub is_read_only: bool,
}

impl SnapshotFolder {
    /// The folder beside a foreign runbook, `<file stem>.snapshots/`; `None` while nobody has made it.
    pub fn beside(runbook: &Path) -> Option<PathBuf> {
        let mut name = runbook.file_stem()?.to_os_string();
        name.push(".snapshots");
        Some(runbook.with_file_name(name)).filter(|folder| folder.is_dir())
    }

    /// The accepted file of a block's stream.
    pub fn file(&self, block: &str, stream: Stream) -> PathBuf {
        let suffix = match stream {
            Stream::Stdout => "snap",
            Stream::Stderr => "stderr.snap",
        };
        self.path.join(format!("{}.{suffix}", encoded(block)))
    }

    /// The accepted files that belong to no block, by name.
    pub fn strays(&self, runbook: &Runbook) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return Vec::new();
        };
        let mut strays: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "snap")
            })
            .filter(|path| !runbook.blocks.iter().any(|block| self.is_of(path, block)))
            .collect();
        strays.sort();
        strays
    }

    fn is_of(&self, path: &Path, block: &Block) -> bool {
        path == self.file(&block.name, Stream::Stdout)
            || path == self.file(&block.name, Stream::Stderr)
    }

    pub(super) fn has(&self, block: &str, stream: Stream) -> bool {
        let accepted = self.file(block, stream);
        accepted.exists()
    }

    pub(super) fn entry(
        &self,
        block: &Block,
        redactions: Vec<Redaction>,
        text: String,
    ) -> SnapshotFile {
        SnapshotFile {
            source: self.source.clone(),
            block: block.name.clone(),
            code_digest: digest::of_code(&block.code),
            redactions,
            text,
        }
    }
}

/// The pending file beside an accepted one, where insta looks for it.
pub(super) fn pending(accepted: &Path) -> PathBuf {
    let mut name = accepted.as_os_str().to_os_string();
    name.push(".new");
    PathBuf::from(name)
}

/// The accepted file that a pending one is for; `None` if it is no pending one.
pub(super) fn accepted(pending: &Path) -> Option<PathBuf> {
    let stem = pending.file_name()?.to_str()?.strip_suffix(".snap.new")?;
    Some(pending.with_file_name(format!("{stem}.snap")))
}

/// A block's name as a file name: what is outside `[a-z0-9._-]` percent-encoded. Upper case too: some file systems do
/// not tell it from lower case.
fn encoded(block: &str) -> String {
    let mut name = String::new();
    for byte in block.bytes() {
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-') {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(block: &str, expected: &str) {
        assert_eq!(encoded(block), expected);
    }

    #[test]
    fn names_become_file_names() {
        check("second-read-hit", "second-read-hit");
        check("a b/c", "a%20b%2Fc");
        check("A", "%41");
        check("xA%", "x%41%25");
        check("é", "%C3%A9");
        check("éAB", "%C3%A9%41%42");
        check("../x", "..%2Fx");
    }
}
