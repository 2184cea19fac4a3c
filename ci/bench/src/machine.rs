//! Whether anybody else uses the machine; and what a process has used of it.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use crate::Failure;

const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_secs(3);
/// The part of all processors' time that others may take.
const QUIET: f64 = 0.1;

/// What the machine was like before a benchmark.
#[derive(Debug, Clone)]
pub struct Quiet {
    load_average: String,
    busy: f64,
}

/// Waits until the machine is idle, at most a minute; says what it is like then.
///
/// # Errors
/// When the system does not tell.
pub fn until_idle() -> Result<Quiet, Failure> {
    until_idle_by(Instant::now() + PATIENCE)
}

/// The same without waiting, for a trial.
///
/// # Errors
/// When the system does not tell.
pub fn at_once() -> Result<Quiet, Failure> {
    until_idle_by(Instant::now())
}

fn until_idle_by(deadline: Instant) -> Result<Quiet, Failure> {
    loop {
        let quiet = Quiet {
            busy: busy_during(GLANCE)?,
            load_average: fs::read_to_string("/proc/loadavg")?,
        };
        if quiet.busy <= QUIET || Instant::now() >= deadline {
            return Ok(quiet);
        }
    }
}

fn busy_during(time: Duration) -> Result<f64, Failure> {
    let [busy_before, all_before] = ticks()?;
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
    let [busy, all] = ticks()?;
    Ok((busy - busy_before) / (all - all_before).max(1.0))
}

/// The processors' ticks so far: busy ones, and all.
fn ticks() -> Result<[f64; 2], Failure> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().unwrap_or_default();
    // user, nice, system, idle, waiting for a disk, interrupts, …
    let fields = line.split_whitespace().skip(1).take(8).map(str::parse);
    let fields: Vec<f64> = fields.collect::<Result<_, _>>()?;
    let all: f64 = fields.iter().sum();
    let idle = fields.get(3).ok_or("no idle time in /proc/stat")?;
    Ok([all - idle, all])
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let averages: Vec<_> = self.load_average.split(' ').take(3).collect();
        write!(
            f,
            "load average {}, processors {:.0} % busy{}",
            averages.join(" "),
            self.busy * 100.0,
            if self.busy > QUIET {
                ": NOT IDLE, these figures are not to be trusted"
            } else {
                ""
            }
        )
    }
}

/// A line in kB of `/proc/<process>/status`, in bytes; `self` is a process too.
///
/// # Errors
/// When there is no such process or line.
pub fn status_bytes(process: impl fmt::Display, line: &str) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    let number = found.and_then(|text| text.trim_start_matches(':').split_whitespace().next());
    let kib: f64 = number.ok_or_else(|| format!("no {line}"))?.parse()?;
    Ok(kib * 1024.0)
}
