//! Who holds a lab: one lock and one run record per Compose project, in a state folder.
//!
//! The lock lives as long as its holder's process, however that ends. The record tells afterwards whose the lab was.
//!
//! ```json
//! {"lab": "08-cache-aside", "folder": "/repo/compose/08-cache-aside", "purpose": "run",
//!  "process": 4711, "process_started": 123456, "since": "2026-01-31T12:00:00Z"}
//! ```

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use labctl_engine::Lab;
use serde::{Deserialize, Serialize};

use crate::DockerError;

/// What a lab was brought up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A run, which takes it down at its end.
    Run,
    /// A person: `labctl up`.
    Up,
    /// A run that left it up: `--keep`.
    Kept,
}

/// Who holds, or held, a lab.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The lab as named then.
    pub(crate) lab: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// What for.
    pub(crate) purpose: Purpose,
    /// The holder's process id.
    pub(crate) process: u32,
    /// When that process started, in clock ticks since boot: tells it from a later one of the same id. Linux only.
    pub(crate) process_started: Option<u64>,
    /// RFC 3339, whole seconds, UTC.
    pub(crate) since: String,
}

impl Record {
    fn of_this_process(lab: &Lab, purpose: Purpose) -> Self {
        let process = std::process::id();
        Self {
            lab: lab.name.clone(),
            folder: lab.folder.clone(),
            purpose,
            process,
            process_started: started(process),
            since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }

    /// For messages: "process 4711 since 2026-01-31T12:00:00Z in /repo/compose/08-cache-aside".
    pub(crate) fn holder(&self) -> String {
        format!(
            "process {} since {} in {}",
            self.process,
            self.since,
            self.folder.display()
        )
    }

    /// Whether that very process lives. Where it cannot be told, it does not: the lock decides.
    fn is_alive(&self) -> bool {
        self.process_started.is_some() && started(self.process) == self.process_started
    }
}

/// A lab held by this process. Dropping it gives the lock free and leaves the record, as death would.
#[derive(Debug)]
pub(crate) struct Hold {
    _lock: File,
    file: PathBuf,
    record: Record,
    /// Who held it before, if that was not given back.
    pub(crate) previous: Option<Record>,
}

impl Hold {
    /// Takes the project for this process.
    ///
    /// # Errors
    /// [`DockerError::Held`]; the state folder cannot be written.
    pub(crate) fn take(
        state: &Path,
        project: &str,
        lab: &Lab,
        purpose: Purpose,
    ) -> Result<Self, DockerError> {
        fs::create_dir_all(state).map_err(failed("create", state))?;
        let lock_path = state.join(format!("{project}.lock"));
        let file = state.join(format!("{project}.json"));
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(failed("open", &lock_path))?;
        let is_locked = match lock.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(source)) => return Err(failed("lock", &lock_path)(source)),
        };
        let previous = read(&file)?;
        let is_ours = previous
            .as_ref()
            .is_some_and(|record| record.process == std::process::id());
        let is_held_elsewhere = previous
            .as_ref()
            .is_some_and(|record| record.purpose == Purpose::Run && record.is_alive() && !is_ours);
        if !is_locked || is_held_elsewhere {
            return Err(DockerError::Held {
                lab: lab.name.clone(),
                holder: previous.map_or_else(|| "another process".to_owned(), |r| r.holder()),
            });
        }
        Ok(Self {
            _lock: lock,
            file,
            record: Record::of_this_process(lab, purpose),
            previous,
        })
    }

    /// Writes the record: from here on, what there is of the project is ours.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub(crate) fn write(&self) -> Result<(), DockerError> {
        let json = serde_json::to_vec(&self.record).expect("a record is plain data");
        let new = self.file.with_extension("json.new");
        fs::write(&new, json).map_err(failed("write", &new))?;
        fs::rename(&new, &self.file).map_err(failed("write", &self.file))
    }

    /// Leaves the lab up, for that purpose.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub(crate) fn leave(mut self, purpose: Purpose) -> Result<(), DockerError> {
        self.record.purpose = purpose;
        self.write()
    }

    /// Gives the lab back: nothing is left of it.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub(crate) fn give_back(self) -> Result<(), DockerError> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &self.file)(error))
            }
            _ => Ok(()),
        }
    }
}

/// The record of a project, if there is one. One that cannot be understood counts as none.
fn read(file: &Path) -> Result<Option<Record>, DockerError> {
    match fs::read(file) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", file)(error)),
    }
}

/// Field 22 of `/proc/<pid>/stat`: start time in ticks.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(19)?.parse().ok()
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DockerError {
    move |source| DockerError::State {
        doing,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Lab {
        Lab {
            name: "08".to_owned(),
            folder: "/labs/08".into(),
            env: std::collections::BTreeMap::new(),
        }
    }

    fn take(state: &Path) -> Result<Hold, DockerError> {
        Hold::take(state, "p", &lab(), Purpose::Run)
    }

    #[test]
    fn a_lab_is_held_once_and_the_message_names_the_holder() {
        let state = tempfile::tempdir().unwrap();
        let hold = take(state.path()).unwrap();
        hold.write().unwrap();
        let message = take(state.path()).unwrap_err().to_string();
        let process = format!("process {} since ", std::process::id());
        assert!(message.contains(&process), "{message}");
        assert!(message.contains("in /labs/08"), "{message}");
    }

    #[test]
    fn what_was_given_back_leaves_no_record() {
        let state = tempfile::tempdir().unwrap();
        let hold = take(state.path()).unwrap();
        hold.write().unwrap();
        hold.give_back().unwrap();
        assert!(take(state.path()).unwrap().previous.is_none());
    }

    #[test]
    fn what_was_not_given_back_is_found_by_the_next() {
        let state = tempfile::tempdir().unwrap();
        take(state.path()).unwrap().write().unwrap();
        let next = take(state.path()).unwrap();
        assert_eq!(next.previous.unwrap().purpose, Purpose::Run);
    }

    #[test]
    fn a_lab_left_up_says_what_for() {
        let state = tempfile::tempdir().unwrap();
        take(state.path()).unwrap().leave(Purpose::Kept).unwrap();
        let next = take(state.path()).unwrap();
        assert_eq!(next.previous.unwrap().purpose, Purpose::Kept);
    }

    #[test]
    fn a_process_is_known_by_its_start() {
        let mut record = Record::of_this_process(&lab(), Purpose::Run);
        assert!(record.is_alive());
        record.process_started = record.process_started.map(|ticks| ticks + 1);
        assert!(!record.is_alive());
    }
}
