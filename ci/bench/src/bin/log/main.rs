//! The write-ahead log and a bare group commit on a pre-zeroed file, side by side:
//! `cargo build --release -p kv-store -p labctl-bench && target/release/log`. With `--features stores` at the build,
//! `SQLite`, redb and fjall too.
//!
//! The argument `writers` or `recovery` measures that alone. Records have 100 bytes and are on the disk before they are acknowledged. All ways have their writers and their queue in
//! common: one thread takes all that wait as one group, makes it durable, answers. The store has its own thread and queue,
//! and a map to keep besides. Then: how long a million records take to come back, and how much memory.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod group;
mod recovery;
mod rivals;

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use group::GroupCommit;
use kv_store::wal::Durability;
use kv_store::{LogConfig, Metrics, Store, StoreGuard};
use labctl_bench::{Failure, Turns, machine};
use serde_json::value::RawValue;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ROUNDS: usize = 9;
const TURN: Duration = Duration::from_secs(1);
const WRITERS: [usize; 3] = [1, 16, 64];
/// Key and value together.
const RECORD_BYTES: usize = 100;
const NEVER: NonZeroU64 = NonZeroU64::MAX;

/// A way to make records durable; clones are the same.
#[derive(Clone)]
enum Way {
    Ours(Store),
    Group(GroupCommit),
}

impl Way {
    async fn write(&self, n: u64) -> Result<(), Failure> {
        let key = format!("key-{:06}", n % 100_000);
        let value = format!("\"{n:0>width$}\"", width = RECORD_BYTES - key.len() - 2);
        let value = RawValue::from_string(value)?;
        match self {
            Self::Ours(store) => {
                let written = store.set(key.into(), value).await;
                Ok(written
                    .map(drop)
                    .map_err(|why| format!("refused: {why:?}"))?)
            }
            Self::Group(group) => group.write((key, value)).await,
        }
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, folder] = &arguments[..]
        && command == "recover"
    {
        return recovery::recover(Path::new(folder));
    }
    println!("{}", machine::until_idle()?);
    // On the disk that programs are built on: a temporary folder may be in memory.
    let target = std::env::current_exe()?;
    let target = target.parent().ok_or("no folder")?;
    let is_asked = |part| arguments.get(1).is_none_or(|asked| asked == part);
    if is_asked("writers") {
        side_by_side(&TempDir::new_in(target)?)?;
    }
    if is_asked("recovery") {
        recovery::measure(&TempDir::new_in(target)?)?;
    }
    Ok(())
}

fn side_by_side(folder: &TempDir) -> Result<(), Failure> {
    let (store, _guard) = open(&folder.path().join("ours"))?;
    let mut ways = vec![
        ("the log", Way::Group(group::log(folder.path())?)),
        ("bare group commit", Way::Group(group::bare(folder.path())?)),
        ("the store on the log", Way::Ours(store)),
    ];
    for (name, rival) in rivals::all(folder.path())? {
        ways.push((name, Way::Group(rival)));
    }
    let runtime = Runtime::new()?;
    println!("durable records per second; the log's by each one's, and quartiles");
    for writers in WRITERS {
        let turns = Turns::measure(ROUNDS, ways.len(), |way| {
            turn(&runtime, &ways[way].1, writers)
        })?;
        println!("{writers} writers");
        for (way, (name, _)) in ways.iter().enumerate() {
            let asked = if way == 1 { "   (asked: 0.85)" } else { "" };
            println!(
                "  {name:<20} {:>8.0} {}{asked}",
                turns.median(way),
                turns.ratio(0, way)
            );
        }
    }
    Ok(())
}

/// Opens our store on this folder.
fn open(folder: &Path) -> Result<(Store, StoreGuard), Failure> {
    let config = LogConfig {
        log_path: folder.join("wal.log"),
        checkpoint_path: folder.join("checkpoint.json"),
        durability: Durability::from_fsync_enabled(true),
        checkpoint_threshold: NEVER,
    };
    Ok(Store::open_files(&config, Arc::new(Metrics::new(true)))?)
}

/// Records per second that so many writers had acknowledged, each waiting for its last before the next.
fn turn(runtime: &Runtime, way: &Way, writers: usize) -> Result<f64, Failure> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let started = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let way = way.clone();
            runtime.spawn(async move {
                let mut written = 0_u32;
                while started.elapsed() < TURN {
                    way.write(NEXT.fetch_add(1, Ordering::Relaxed)).await?;
                    written += 1;
                }
                Ok::<_, Failure>(written)
            })
        })
        .collect();
    let mut written = 0.0;
    for task in tasks {
        written += f64::from(runtime.block_on(task)??);
    }
    Ok(written / started.elapsed().as_secs_f64())
}
