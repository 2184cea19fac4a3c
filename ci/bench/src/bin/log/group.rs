//! Group commit over anything that can make a group of records durable.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::SystemTime;

use kv_store::wal::{
    self, Action, Change, Durability, Home, Log, LogOptions, RealDisk, Spare, SpareOrder,
};
use labctl_bench::Failure;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// As many as the store's own queue has.
const QUEUE: usize = 1024;
const FILE_BYTES: u64 = 64 << 20;

/// Key and value.
pub(crate) type Record = (String, Box<RawValue>);

/// Makes a group durable.
pub(crate) trait Sink: Send + 'static {
    fn commit(&mut self, group: &[Record]) -> Result<(), Failure>;
}

/// A thread with a sink. The thread ends when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct GroupCommit(UnboundedSender<Waiting>);

type Waiting = (Record, oneshot::Sender<Result<(), String>>);

impl GroupCommit {
    pub(crate) fn start(mut sink: impl Sink) -> Self {
        let (inbox, mut queue) = unbounded_channel::<Waiting>();
        std::thread::spawn(move || {
            let (mut waiting, mut group, mut answers) = (Vec::new(), Vec::new(), Vec::new());
            while queue.blocking_recv_many(&mut waiting, QUEUE) > 0 {
                for (record, answer) in waiting.drain(..) {
                    group.push(record);
                    answers.push(answer);
                }
                let outcome = sink.commit(&group).map_err(|error| error.to_string());
                group.clear();
                for answer in answers.drain(..) {
                    // Who asked may be gone.
                    let _ = answer.send(outcome.clone());
                }
            }
        });
        Self(inbox)
    }

    pub(crate) async fn write(&self, record: Record) -> Result<(), Failure> {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.send((record, answer));
        sent.map_err(|_| "the thread has ended")?;
        Ok(answered.await??)
    }
}

/// Our log, with nothing above it. Its next segment is made ready by a thread beside it, as the store does.
struct Ours {
    log: Log<RealDisk>,
    orders: Sender<SpareOrder<RealDisk>>,
    spares: Receiver<io::Result<Spare<RealDisk>>>,
}

/// The log and its checkpoint in one folder.
pub(crate) fn home(folder: &Path) -> Result<Home<RealDisk>, Failure> {
    let disk = RealDisk::open(folder)?;
    Ok(Home {
        log_disk: disk.clone(),
        log_name: "wal.log".to_owned(),
        checkpoint_disk: disk,
        checkpoint_name: "checkpoint.json".to_owned(),
    })
}

pub(crate) fn log(folder: &Path) -> Result<GroupCommit, Failure> {
    let folder = folder.join("log");
    std::fs::create_dir(&folder)?;
    let home = home(&folder)?;
    let options = LogOptions::new(Durability::from_fsync_enabled(true));
    let log = wal::open(&home, options, SystemTime::now(), |_, _| {})?.log;
    let (orders, ordered) = channel::<SpareOrder<RealDisk>>();
    let (made, spares) = channel();
    std::thread::spawn(move || {
        for order in ordered {
            if made.send(order.make()).is_err() {
                break;
            }
        }
    });
    Ok(GroupCommit::start(Ours {
        log,
        orders,
        spares,
    }))
}

impl Sink for Ours {
    fn commit(&mut self, group: &[Record]) -> Result<(), Failure> {
        if let Ok(spare) = self.spares.try_recv() {
            self.log.take_spare(spare)?;
        }
        if let Some(order) = self.log.spare_order() {
            self.orders.send(order)?;
        }
        let time = SystemTime::now();
        let changes = group.iter().map(|(key, value)| Change {
            key,
            action: Action::Set(value),
            time,
        });
        // The records are told by their sequences, which nobody here asks for.
        self.log.append(changes).map(drop).map_err(Into::into)
    }
}

/// One write and one `fdatasync` for each group, in a file of zeros, from its start again when it is full.
struct Bare {
    file: File,
    offset: u64,
    buffer: Vec<u8>,
}

pub(crate) fn bare(folder: &Path) -> Result<GroupCommit, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let file = options.open(folder.join("bare.log"))?;
    let zeros = vec![0; 1 << 20];
    for offset in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, offset)?;
    }
    file.sync_all()?;
    Ok(GroupCommit::start(Bare {
        file,
        offset: 0,
        buffer: Vec::new(),
    }))
}

impl Sink for Bare {
    fn commit(&mut self, group: &[Record]) -> Result<(), Failure> {
        self.buffer.clear();
        for (key, value) in group {
            self.buffer.extend_from_slice(key.as_bytes());
            self.buffer.extend_from_slice(value.get().as_bytes());
        }
        let length = u64::try_from(self.buffer.len())?;
        if self.offset + length > FILE_BYTES {
            self.offset = 0;
        }
        self.file.write_all_at(&self.buffer, self.offset)?;
        self.offset += length;
        Ok(self.file.sync_data()?)
    }
}
