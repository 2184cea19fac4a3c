//! The processes that a block started, found and ended whatever they did to their process group or session.
//!
//! labctl makes itself a child sub-reaper, so that what loses its parent becomes its own child. A process belongs to a
//! block if it descends from the block's shell, carries the block's mark in its environment, or is such an orphan that
//! carries no other block's mark. Source: `prctl(2)` on `PR_SET_CHILD_SUBREAPER`, `proc(5)`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::{Pid, getpid},
};
use tokio::time::Instant;

/// The variable whose value tells whose process it is.
pub(super) const MARK: &str = "LABCTL_BLOCK";

/// How long a process has to end by itself after the first signal.
const GRACE: Duration = Duration::from_millis(500);
/// After this the hunt is given up: a process that cannot be killed hangs in the kernel.
const GIVE_UP: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// One entry of `/proc`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    parent: i32,
    is_zombie: bool,
    /// In clock ticks since boot: together with the id it names a process for good.
    started: u64,
}

/// Whose processes.
#[derive(Debug, Clone)]
pub(super) enum Whose {
    /// Those of the block with this mark.
    Block(String),
    /// Those of every block: their marks begin so.
    Session(String),
}

/// What to look for.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) whose: Whose,
    /// The block's shell, while it lives or has not been waited for.
    pub(super) root: Option<i32>,
    /// Children of labctl that belong to somebody else: the shells of other blocks.
    pub(super) others: BTreeSet<i32>,
}

impl Whose {
    fn has(&self, mark: &str) -> bool {
        match self {
            Self::Block(own) => mark == own,
            Self::Session(prefix) => mark.starts_with(prefix.as_str()),
        }
    }
}

impl Tree {
    /// Ends every process of the tree: `first` to each, a moment to end by itself, then no mercy.
    pub(super) async fn end(&self, first: Signal) {
        let polite = Instant::now() + GRACE;
        let mut told = BTreeSet::new();
        loop {
            let alive = self.alive();
            if alive.is_empty() {
                return;
            }
            for (pid, process) in &alive {
                if told.insert((*pid, process.started)) {
                    send(*pid, first);
                    // A stopped process takes no notice before it is continued.
                    send(*pid, Signal::SIGCONT);
                }
            }
            if Instant::now() >= polite {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        let give_up = Instant::now() + GIVE_UP;
        loop {
            // Frozen first, so that none can start another while they die.
            let mut frozen = BTreeSet::new();
            loop {
                let fresh: Vec<_> = self
                    .alive()
                    .into_keys()
                    .filter(|pid| frozen.insert(*pid))
                    .collect();
                if fresh.is_empty() {
                    break;
                }
                for pid in fresh {
                    send(pid, Signal::SIGSTOP);
                }
            }
            for pid in frozen {
                send(pid, Signal::SIGKILL);
            }
            if self.alive().is_empty() || Instant::now() >= give_up {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The living processes of the tree: each with its mark, and such as "sleep 1000 (pid 4711)".
    pub(super) fn describe(&self) -> Vec<(Option<String>, String)> {
        let describe = |pid| (mark_of(pid), format!("{} (pid {pid})", command_line(pid)));
        self.alive().into_keys().map(describe).collect()
    }

    /// The living processes of the tree; orphans among them that have died are laid to rest.
    fn alive(&self) -> BTreeMap<i32, Process> {
        let mut all = processes();
        let own = getpid().as_raw();
        let mut found = BTreeMap::new();
        let mut open: Vec<i32> = self.root.into_iter().collect();
        let is_orphan = |pid: &i32, process: &Process| {
            process.parent == own && Some(*pid) != self.root && !self.others.contains(pid)
        };
        for (pid, process) in &all {
            let belongs = match mark_of(*pid) {
                Some(mark) => self.whose.has(&mark),
                None => is_orphan(pid, process) && !process.is_zombie,
            };
            if belongs && *pid != own {
                open.push(*pid);
            }
            if process.is_zombie && is_orphan(pid, process) {
                // Somebody else's if this fails, such as a child that the async runtime waits for.
                let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
            }
        }
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (pid, process) in &all {
            children.entry(process.parent).or_default().push(*pid);
        }
        while let Some(pid) = open.pop() {
            if let Some(process) = all.remove(&pid) {
                open.extend(children.get(&pid).into_iter().flatten());
                if !process.is_zombie {
                    found.insert(pid, process);
                }
            }
        }
        found
    }
}

fn send(pid: i32, signal: Signal) {
    // It may be gone already.
    let _ = kill(Pid::from_raw(pid), signal);
}

fn processes() -> BTreeMap<i32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| {
            Some((
                pid,
                stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?,
            ))
        })
        .collect()
}

/// `pid (name) state ppid …`; the name may hold anything, so the fields count from the last parenthesis.
fn stat(line: &str) -> Option<Process> {
    let mut fields = line[line.rfind(')')? + 1..].split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Process {
        parent,
        is_zombie: matches!(state, "Z" | "X"),
        started,
    })
}

fn mark_of(pid: i32) -> Option<String> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let prefix = [MARK.as_bytes(), b"="].concat();
    let value = environ
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(&prefix[..]))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn command_line(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
    let line = line.trim_end();
    match line.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None if line.is_empty() => "a process".to_owned(),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 99 0 0";
        assert_eq!(
            stat(line),
            Some(Process {
                parent: 3,
                is_zombie: false,
                started: 99
            })
        );
        assert_eq!(stat("nonsense"), None);
    }
}
