//! A disk whose syncs can be held up or fail, and that counts the groups written to the log.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use kv_store::simulation::{SimulatedDisk, SimulatedFile};
use kv_store::wal::{Disk, DiskFile};

#[derive(Debug, Clone)]
pub(crate) struct GatedDisk {
    disk: SimulatedDisk,
    gate: Gate,
}

#[derive(Debug)]
pub(crate) struct GatedFile {
    file: SimulatedFile,
    gate: Gate,
    is_segment: bool,
}

/// Open at first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Held>, Condvar)>);

#[derive(Debug, Default)]
struct Held {
    is_closed: bool,
    is_broken: bool,
    groups: usize,
}

impl GatedDisk {
    pub(crate) fn new(disk: SimulatedDisk) -> (Self, Gate) {
        let gate = Gate::default();
        let gated = Self {
            disk,
            gate: gate.clone(),
        };
        (gated, gate)
    }

    fn file(&self, name: &str, file: SimulatedFile) -> GatedFile {
        GatedFile {
            file,
            gate: self.gate.clone(),
            is_segment: name.starts_with("wal.log."),
        }
    }
}

impl Gate {
    /// Holds up every sync from here on.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
    }

    pub(crate) fn open(&self) {
        self.lock().is_closed = false;
        self.0.1.notify_all();
    }

    /// Lets every sync fail from here on.
    pub(crate) fn break_down(&self) {
        self.lock().is_broken = true;
    }

    /// Blocks until so many groups have been written, the last of them perhaps not synced.
    pub(crate) fn until_written(&self, groups: usize) {
        let fewer = |held: &mut Held| held.groups < groups;
        drop(self.0.1.wait_while(self.lock(), fewer).unwrap());
    }

    /// Groups written to the log.
    pub(crate) fn groups(&self) -> usize {
        self.lock().groups
    }

    fn pass(&self) -> io::Result<()> {
        let is_closed = |held: &mut Held| held.is_closed;
        let held = self.0.1.wait_while(self.lock(), is_closed).unwrap();
        if held.is_broken {
            return Err(io::Error::other("broken"));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.0.lock().unwrap()
    }
}

impl Disk for GatedDisk {
    type File = GatedFile;

    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }

    fn create(&self, name: &str) -> io::Result<GatedFile> {
        Ok(self.file(name, self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<GatedFile> {
        Ok(self.file(name, self.disk.open(name)?))
    }

    fn open_to_read(&self, name: &str) -> io::Result<GatedFile> {
        Ok(self.file(name, self.disk.open_to_read(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.disk.sync_folder()
    }
}

impl DiskFile for GatedFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        // A spare is made of zeros.
        if self.is_segment && bytes.iter().any(|byte| *byte != 0) {
            self.gate.lock().groups += 1;
            self.gate.0.1.notify_all();
        }
        self.file.write_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.gate.pass()?;
        self.file.sync_data()
    }
}
