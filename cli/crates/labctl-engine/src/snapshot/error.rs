//! What can go wrong with snapshots.

use std::{io, path::PathBuf};

use labctl_runbook::RedactError;

/// Why a snapshot could not be read, compared, accepted or rejected.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file could not be read, written, moved or removed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as "read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file is not in insta's format.
    #[error("{} is not a snapshot: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The middle of the output was not kept, so it cannot be compared.
    #[error(
        "{omitted_bytes} bytes of its output were not kept, so it cannot be compared with a snapshot"
    )]
    Truncated {
        /// Bytes that were not kept.
        omitted_bytes: u64,
    },
    /// A redaction does not fit the output.
    #[error(transparent)]
    Redaction(#[from] RedactError),
}

impl SnapshotError {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
