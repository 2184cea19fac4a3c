//! A million records come back: how long it takes, and how much memory.

use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime};

use kv_store::wal::{self, Action, Change, Disk as _, Durability, LogOptions};
use labctl_bench::{Failure, machine, median};
use serde_json::value::RawValue;
use tempfile::TempDir;

use crate::group;

const RECORDS: usize = 1_000_000;
const GROUP: usize = 1000;
const ROUNDS: usize = 5;

pub(crate) fn measure(folder: &TempDir) -> Result<(), Failure> {
    write(folder.path())?;
    let size = size_bytes(folder.path())?;
    let (mut seconds, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let output = Command::new(std::env::current_exe()?)
            .arg("recover")
            .arg(folder.path())
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        let fields = said.split_whitespace().map(str::parse);
        let fields: Vec<f64> = fields.collect::<Result<_, _>>()?;
        let [took, peak] = fields[..] else {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        };
        seconds.push(took);
        bytes.push(peak);
    }
    println!("{RECORDS} records, {:.0} MB of log", size / 1e6);
    println!("  open   {:.2} s (asked: 1.5)", median(seconds));
    let peak = median(bytes);
    println!(
        "  memory {:.0} MB at most, {:.2} times the log (asked: 2)",
        peak / 1e6,
        peak / size
    );
    Ok(())
}

/// In a process of its own, so that its memory is its own too.
pub(crate) fn recover(folder: &Path) -> Result<(), Failure> {
    let started = Instant::now();
    let (store, _guard) = super::open(folder)?;
    let took = started.elapsed().as_secs_f64();
    let recovered = store.stats().recovered_entries;
    if recovered != u64::try_from(RECORDS)? {
        return Err(format!("{recovered} records came back").into());
    }
    println!("{took} {}", machine::status_bytes("self", "VmHWM")?);
    Ok(())
}

fn write(folder: &Path) -> Result<(), Failure> {
    let home = group::home(folder)?;
    let options = LogOptions::new(Durability::from_fsync_enabled(false));
    let mut log = wal::open(&home, options, SystemTime::now(), |_, _| {})?.log;
    for first in (0..RECORDS).step_by(GROUP) {
        let records = (first..first + GROUP).map(|n| {
            let value = RawValue::from_string(format!("\"{n:0>87}\""))?;
            Ok((format!("key-{n:07}"), value))
        });
        let records: Vec<_> = records.collect::<Result<_, serde_json::Error>>()?;
        log.append(records.iter().map(|(key, value)| Change {
            key,
            action: Action::Set(value),
            time: SystemTime::now(),
        }))?;
    }
    Ok(home.log_disk.sync_folder()?)
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn size_bytes(folder: &Path) -> Result<f64, Failure> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        size += entry?.metadata()?.len();
    }
    Ok(size as f64)
}
