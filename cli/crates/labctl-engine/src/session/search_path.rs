//! Where programs are looked for.

use std::{ffi::OsStr, os::unix::fs::PermissionsExt as _, path::PathBuf};

/// The folders of a `PATH`, in order.
#[derive(Debug, Clone, Default)]
pub struct SearchPath {
    folders: Vec<PathBuf>,
}

impl SearchPath {
    /// Reads a `PATH` value.
    pub fn new(path: &OsStr) -> Self {
        Self {
            folders: std::env::split_paths(path).collect(),
        }
    }

    /// The program of that name: the first regular file that may be executed.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|file| {
                file.metadata()
                    .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
            })
    }
}
