//! Opens a store: folders, lock, recovery, threads.

use std::fs::{self, File};
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;

use super::background::{self, Reports};
use super::checkpointing::Logged;
use super::group::Group;
use super::guard::StoreGuard;
use super::handle::Store;
use super::replay::replay;
use super::shared_folder;
use super::view::{Seen, View};
use super::writer::{QUEUE_PLACES, Writer};
use crate::config::{LogConfig, file_name};
use crate::map::Map;
use crate::metrics::Metrics;
use crate::wal::{
    self, Disk, Durability, FolderLock, Home, LockError, LogOptions, Opened, RealDisk, Recovery,
    RecoveryError,
};

/// How a store with a log behaves.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// Entries since the last checkpoint that make one due.
    pub checkpoint_threshold: NonZeroU64,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder, and it cannot be made.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The log is not ours.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The log or the checkpoint cannot be used.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// There are no threads for it.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

impl Store {
    /// Opens a store that is gone when the process is.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn in_memory(metrics: Arc<Metrics>) -> Result<(Self, StoreGuard), OpenError> {
        let seen = Seen {
            map: Map::default(),
            recovered_entries: 0,
            lost_entries: 0,
            log: None,
        };
        start::<RealDisk>(seen, None, metrics)
    }

    /// Opens the store at the configured paths, makes their folders if need be, and locks the log.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_files(
        config: &LogConfig,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, StoreGuard), OpenError> {
        let log_disk = folder_of(&config.log_path)?;
        let checkpoint_disk = folder_of(&config.checkpoint_path)?;
        let lock = FolderLock::acquire(&config.log_path)?;
        let name = |path| file_name(path).unwrap_or_default().to_owned();
        let home = Home {
            log_disk,
            log_name: name(&config.log_path),
            checkpoint_disk,
            checkpoint_name: name(&config.checkpoint_path),
        };
        let options = StoreOptions {
            durability: config.durability,
            checkpoint_threshold: config.checkpoint_threshold,
        };
        let (store, mut guard) = Self::open(&home, options, metrics)?;
        guard.lock = Some(lock);
        Ok((store, guard))
    }

    /// Opens the store of a log that nobody else has open.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open<D: Disk>(
        home: &Home<D>,
        options: StoreOptions,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, StoreGuard), OpenError> {
        let started = Instant::now();
        let log_options = LogOptions::new(options.durability);
        let shared = shared_folder::shared(home);
        let (opened, map) = replay(|replay| {
            wal::open(&shared, log_options, SystemTime::now(), |key, action| {
                replay.take(key, action);
            })
        });
        let opened = opened?;
        tell(&opened.recovery, map.len(), started, &metrics);
        let seen = Seen {
            map,
            recovered_entries: opened.recovery.replayed,
            lost_entries: opened.recovery.lost_entries(),
            log: None,
        };
        start(seen, Some((opened, options)), metrics)
    }
}

/// Logs and counts what was found.
fn tell(recovery: &Recovery, items: usize, started: Instant, metrics: &Metrics) {
    let elapsed = started.elapsed();
    if recovery.replayed > 0 {
        metrics.recovery_seconds.observe(elapsed.as_secs_f64());
    }
    tracing::info!(
        recovered_entries = recovery.replayed,
        checkpoint_sequence = recovery.checkpoint.sequence,
        generation = recovery.checkpoint.generation,
        items,
        torn_bytes = recovery.torn_bytes,
        duration_ms = elapsed.as_secs_f64() * 1000.0,
        "recovered"
    );
    if let Some(damage) = &recovery.damage {
        metrics.data_loss_events.inc();
        tracing::error!(
            lost_entries = damage.lost_entries,
            segment = damage.segment.as_str(),
            offset = damage.offset,
            sequence = damage.sequence,
            copies = ?damage.copies,
            "acknowledged writes are lost: the log is damaged"
        );
    }
}

fn start<D: Disk>(
    seen: Seen,
    opened: Option<(Opened<D>, StoreOptions)>,
    metrics: Arc<Metrics>,
) -> Result<(Store, StoreGuard), OpenError> {
    let (inbox, messages) = unbounded_channel();
    let mut guard = StoreGuard {
        inbox: inbox.clone(),
        threads: Vec::new(),
        lock: None,
    };
    let mut behind = Vec::new();
    let mut logged = None;
    if let Some((opened, options)) = opened {
        let (reports, reported) = mpsc::channel();
        let (checkpoint_jobs, jobs) = mpsc::channel();
        let to = Reports {
            reports: reports.clone(),
            inbox: inbox.clone(),
        };
        let file = opened.checkpoint;
        let run = move || background::write_checkpoints(&jobs, file, &to);
        behind.push(spawn("checkpoint", run)?);
        let (file_jobs, jobs) = mpsc::channel();
        let to = Reports {
            reports,
            inbox: inbox.clone(),
        };
        let run = move || background::look_after_files(&jobs, &to);
        behind.push(spawn("files", run)?);
        logged = Some(Logged {
            log: opened.log,
            threshold: options.checkpoint_threshold,
            since_cut: seen.recovered_entries,
            running: None,
            waiting: Vec::new(),
            checkpoint_jobs,
            file_jobs,
            reports: reported,
        });
    }
    let view = Arc::new(View::new(seen));
    let is_logged = logged.is_some();
    let writer = Writer {
        inbox: messages,
        view: Arc::clone(&view),
        metrics: Arc::clone(&metrics),
        group: Group::default(),
        logged,
    };
    writer.show();
    guard.threads.push(spawn("writer", move || writer.run())?);
    guard.threads.append(&mut behind);
    let store = Store {
        inbox,
        places: Arc::new(Semaphore::new(QUEUE_PLACES)),
        view,
        metrics,
        is_logged,
    };
    Ok((store, guard))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map_err(OpenError::Thread)
}

fn folder_of(path: &Path) -> Result<RealDisk, OpenError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    make_durably(folder)
        .and_then(|()| RealDisk::open(folder))
        .map_err(|source| OpenError::Folder {
            path: folder.to_owned(),
            source,
        })
}

/// Makes a folder and those it is in, each durable in the one above it.
fn make_durably(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let Some(above) = folder.parent() else {
        return fs::create_dir(folder);
    };
    let above = if above.as_os_str().is_empty() {
        Path::new(".")
    } else {
        above
    };
    make_durably(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    File::open(above)?.sync_all()
}
