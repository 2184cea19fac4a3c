//! Everything a block started, found and ended whatever it did to its process group or session.
//!
//! labctl is a child sub-reaper, so a process whose parent ended becomes labctl's own child: whatever a block started is
//! always below labctl. Such a child is known to be the block's by the mark in its environment, by its process group, or,
//! where it has shed both, by having a session of its own. All else belongs to whom its parent belongs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::{
        prctl,
        signal::{Signal, kill, killpg},
        wait::{Id, WaitPidFlag, waitid, waitpid},
    },
    unistd::{Pid, getpgrp, getpid, getsid},
};

/// The variable in the environment of a block's processes that says whose they are: one token per labctl around it.
pub(super) const MARK: &str = "LABCTL_BLOCK";

/// How long everything may take to go after SIGKILL.
const KILL_DEADLINE: Duration = Duration::from_secs(10);

static NEXT: AtomicU64 = AtomicU64::new(0);
/// The shells that labctl itself waits for; nobody else may reap them.
static ROOTS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// One block's processes.
#[derive(Debug)]
pub(super) struct Family {
    token: String,
    root: i32,
    /// The root leads a terminal's session, and is none of the block's own.
    has_leader: bool,
    since: u64,
}

/// One line of `/proc`.
#[derive(Debug, Clone)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    session: i32,
    state: u8,
    started: u64,
}

/// A token for a block about to start.
pub(super) fn new_token() -> String {
    format!("{}.{}", getpid(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Makes what blocks leave behind labctl's own children.
pub(super) fn adopt_orphans() {
    // Where the kernel cannot do this, what changes its parent is found by its process group alone.
    let _ = prctl::set_child_subreaper(true);
}

impl Family {
    /// The family of a shell that was just started in a process group of its own, with `token` in its mark.
    pub(super) fn new(token: String, root: i32, has_leader: bool) -> Self {
        roots().insert(root);
        let since = read_process(root).map_or(0, |process| process.started);
        Self {
            token,
            root,
            has_leader,
            since,
        }
    }

    /// To be called when the shell was waited for.
    pub(super) fn root_is_gone(&self) {
        roots().remove(&self.root);
    }

    /// What is alive, such as "sleep 1000 (pid 4711)".
    pub(super) fn names(&self) -> Vec<String> {
        self.left().map(|process| describe(&process)).collect()
    }

    /// Whether anything is alive after the shell has ended; cheap where nothing is.
    pub(super) fn has_left_something(&self) -> bool {
        has_children() && self.left().next().is_some()
    }

    fn left(&self) -> impl Iterator<Item = Process> {
        let is_own = |process: &Process| !(self.has_leader && process.pid == self.root);
        self.living().into_iter().filter(is_own)
    }

    /// A signal to the shell's process group, as a terminal would send it.
    pub(super) fn interrupt(&self) {
        let _ = killpg(Pid::from_raw(self.root), Signal::SIGINT);
    }

    /// Asks every process to end.
    pub(super) fn terminate(&self) {
        signal(&self.living(), Signal::SIGTERM);
    }

    /// Waits until nothing is left, or for `grace`.
    pub(super) async fn wait_gone(&self, grace: Duration) -> bool {
        let end = Instant::now() + grace;
        let mut pause = Duration::from_millis(2);
        while !self.living().is_empty() {
            if Instant::now() >= end {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        true
    }

    /// Ends everything by force; false if something is still there at the end (not ours to kill).
    pub(super) async fn kill(&self) -> bool {
        let end = Instant::now() + KILL_DEADLINE;
        let mut empty_in_a_row = 0;
        // Two looks, since a process can hide from one by changing its parent during it.
        while empty_in_a_row < 2 {
            empty_in_a_row = if self.strike() { 0 } else { empty_in_a_row + 1 };
            if Instant::now() >= end {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        true
    }

    /// The same without waiting, for when nobody can.
    pub(super) fn kill_now(&self) {
        for _ in 0..100 {
            if !self.strike() {
                break;
            }
        }
    }

    /// Freezes all that is there, so that nothing can fork away, then kills it; false if there was nothing.
    fn strike(&self) -> bool {
        let mut frozen = BTreeSet::new();
        for _ in 0..50 {
            let fresh: Vec<Process> = self
                .living()
                .into_iter()
                .filter(|process| frozen.insert((process.pid, process.started)))
                .collect();
            if fresh.is_empty() {
                break;
            }
            signal(&fresh, Signal::SIGSTOP);
        }
        let living = self.living();
        signal(&living, Signal::SIGKILL);
        !living.is_empty()
    }

    /// Every living process of the block; adopted ones that have ended are reaped on the way.
    fn living(&self) -> Vec<Process> {
        let own = getpid().as_raw();
        let all = read_all();
        let mut children: BTreeMap<i32, Vec<&Process>> = BTreeMap::new();
        for process in &all {
            children.entry(process.parent).or_default().push(process);
        }
        let mut found = Vec::new();
        let mut to_visit: Vec<&Process> = children
            .get(&own)
            .into_iter()
            .flatten()
            .copied()
            .filter(|child| self.owns(child))
            .collect();
        while let Some(process) = to_visit.pop() {
            to_visit.extend(children.get(&process.pid).into_iter().flatten().copied());
            if process.state != b'Z' && process.state != b'X' {
                found.push(process.clone());
            } else if process.parent == own && !roots().contains(&process.pid) {
                let _ = waitpid(Pid::from_raw(process.pid), Some(WaitPidFlag::WNOHANG));
            }
        }
        found
    }

    /// Whether a child of labctl is this block's shell, or was adopted from this block.
    fn owns(&self, child: &Process) -> bool {
        if child.pid == self.root || child.group == self.root {
            return child.started >= self.since;
        }
        if child.started < self.since || roots().contains(&child.pid) {
            return false;
        }
        match read_mark(child.pid).as_deref() {
            Some(mark) if mark.split(':').any(|token| token == self.token) => true,
            Some(mark) if mark.split(':').any(is_ours) => false,
            _ => getsid(None).is_ok_and(|session| session.as_raw() != child.session),
        }
    }
}

/// Whether labctl has any child at all, ended ones that nobody waited for among them.
fn has_children() -> bool {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::All, look) != Err(Errno::ECHILD)
}

/// Signals whole groups, so that no fork slips between two of its members; never labctl's own group.
fn signal(processes: &[Process], signal: Signal) {
    let own_group = getpgrp().as_raw();
    let groups: BTreeSet<i32> = processes.iter().map(|process| process.group).collect();
    for group in groups
        .into_iter()
        .filter(|group| *group > 1 && *group != own_group)
    {
        let _ = killpg(Pid::from_raw(group), signal);
    }
    for process in processes
        .iter()
        .filter(|process| process.group == own_group)
    {
        let _ = kill(Pid::from_raw(process.pid), signal);
    }
}

fn is_ours(token: &str) -> bool {
    token.split('.').next() == Some(getpid().to_string().as_str())
}

fn roots() -> std::sync::MutexGuard<'static, BTreeSet<i32>> {
    ROOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_all() -> Vec<Process> {
    let Ok(folder) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    folder
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(read_process)
        .collect()
}

/// Reads `/proc/PID/stat`: `pid (name) state parent group session …`, the start time in clock ticks in field 22.
fn read_process(pid: i32) -> Option<Process> {
    // Longer than any such line, which the kernel hands out in one piece.
    let mut line = [0; 1024];
    let length = File::open(format!("/proc/{pid}/stat"))
        .and_then(|mut file| file.read(&mut line))
        .ok()?;
    let line = &line[..length];
    let after_name = line.iter().rposition(|byte| *byte == b')')? + 1;
    let fields: Vec<&str> = str::from_utf8(&line[after_name..])
        .ok()?
        .split_ascii_whitespace()
        .collect();
    Some(Process {
        pid,
        state: *fields.first()?.as_bytes().first()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

fn read_mark(pid: i32) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let prefix = format!("{MARK}=");
    environment.split(|byte| *byte == 0).find_map(|entry| {
        Some(String::from_utf8_lossy(entry.strip_prefix(prefix.as_bytes())?).into_owned())
    })
}

fn describe(process: &Process) -> String {
    let line = fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
    let words: Vec<_> = line
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(String::from_utf8_lossy)
        .collect();
    let command: String = words
        .join(" ")
        .replace('\n', " ")
        .chars()
        .take(80)
        .collect();
    format!("{command} (pid {})", process.pid)
}
