//! A folder that two threads sync: what failed for one of them, the other is told too.
//!
//! A sync that fails may have dropped changes of names for good, and a later one then reports success without them. The
//! log's file thread and the checkpoint thread sync the same folder; one whose new name was dropped by the other's failure
//! must not take its own success for the name's safety. So each failure is reported once to each side.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::wal::{Disk, Home};

/// One side's handle; its clones are the same side.
#[derive(Debug, Clone)]
pub(super) struct SharedFolder<D> {
    disk: D,
    side: usize,
    /// Whether a side has yet to be told of a failure. Held during a sync, so that none falls between call and report.
    untold: Arc<Mutex<[bool; 2]>>,
}

/// The same home, with the log's and the checkpoint's disk aware of each other.
pub(super) fn shared<D: Disk>(home: &Home<D>) -> Home<SharedFolder<D>> {
    let untold = Arc::new(Mutex::new([false; 2]));
    let of = |disk: &D, side| SharedFolder {
        disk: disk.clone(),
        side,
        untold: Arc::clone(&untold),
    };
    Home {
        log_disk: of(&home.log_disk, 0),
        log_name: home.log_name.clone(),
        checkpoint_disk: of(&home.checkpoint_disk, 1),
        checkpoint_name: home.checkpoint_name.clone(),
    }
}

impl<D: Disk> Disk for SharedFolder<D> {
    type File = D::File;

    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }

    fn create(&self, name: &str) -> io::Result<D::File> {
        self.disk.create(name)
    }

    fn open(&self, name: &str) -> io::Result<D::File> {
        self.disk.open(name)
    }

    fn open_to_read(&self, name: &str) -> io::Result<D::File> {
        self.disk.open_to_read(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.disk.sync_folder() {
            *untold = [true; 2];
            untold[self.side] = false;
            return Err(error);
        }
        if std::mem::take(&mut untold[self.side]) {
            return Err(io::Error::other("an earlier sync of the folder failed"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Fault, Plan, SimulatedDisk};

    #[test]
    fn a_failed_sync_is_told_once_to_each_side() {
        let disk = SimulatedDisk::new(1);
        let home = shared(&Home {
            log_disk: disk.clone(),
            log_name: "wal.log".to_owned(),
            checkpoint_disk: disk.clone(),
            checkpoint_name: "checkpoint.json".to_owned(),
        });
        home.log_disk.create("wal.log.00000001").unwrap();
        disk.set_plan(Plan {
            faults: [(0, Fault::Error)].into_iter().collect(),
            stop_at: None,
        });
        assert!(home.checkpoint_disk.sync_folder().is_err());
        // The disk itself would say that all is well, and the name may be gone.
        assert!(home.log_disk.sync_folder().is_err());
        assert!(home.log_disk.sync_folder().is_ok());
        assert!(home.checkpoint_disk.sync_folder().is_ok());
    }
}
