//! One store a log: the lock that the second one meets.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held while a store has the log open; the system lets go of it with the process, however that ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Why the log is not ours to open.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another store has it open.
    #[error("{} is held by a running store", .0.display())]
    Held(PathBuf),
    /// The lock file cannot be made or locked.
    #[error("cannot lock {}", path.display())]
    Unavailable {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl FolderLock {
    /// Locks the log at `log_path` by the file `<log_path>.lock`, which stays when the lock goes.
    ///
    /// # Errors
    /// When another store holds it, or the file cannot be made.
    pub fn acquire(log_path: &Path) -> Result<Self, LockError> {
        let path = lock_path(log_path);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = match options.open(&path) {
            Ok(file) => file,
            Err(source) => return Err(LockError::Unavailable { path, source }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(path)),
            Err(TryLockError::Error(source)) => Err(LockError::Unavailable { path, source }),
        }
    }

    /// Locks the log at `log_path` against stores, for a reader that changes nothing: `None` where no store ever ran.
    ///
    /// # Errors
    /// When a store holds it, or the lock file cannot be read.
    pub fn acquire_to_read(log_path: &Path) -> Result<Option<Self>, LockError> {
        let path = lock_path(log_path);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LockError::Unavailable { path, source }),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(path)),
            Err(TryLockError::Error(source)) => Err(LockError::Unavailable { path, source }),
        }
    }
}

fn lock_path(log_path: &Path) -> PathBuf {
    let mut name = log_path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_store_is_told_and_may_have_it_when_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("wal.log");
        assert!(FolderLock::acquire_to_read(&log).unwrap().is_none());
        let first = FolderLock::acquire(&log).unwrap();
        let told = FolderLock::acquire(&log).unwrap_err().to_string();
        assert!(
            told.ends_with("wal.log.lock is held by a running store"),
            "{told}"
        );
        assert!(FolderLock::acquire_to_read(&log).is_err());
        drop(first);
        FolderLock::acquire(&log).unwrap();
        FolderLock::acquire_to_read(&log).unwrap().unwrap();
    }
}
