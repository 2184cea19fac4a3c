//! The simulated disk and its files, as the log sees them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;

use super::faults::{Fault, Plan};
use super::file::Contents;
use super::folder::{FileId, Folder};
use crate::wal::{Disk, DiskFile};

/// A folder in memory whose power can be cut.
///
/// Unsynced changes are kept beside what is durable, by the sector and by the name, each with every state it went through.
/// [`after_power_cut`](SimulatedDisk::after_power_cut) draws one of the disks these allow; it can be asked many times.
/// Times and threads play no part: the same calls after the same seed give the same disk.
#[derive(Debug, Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

/// An open file of a [`SimulatedDisk`].
#[derive(Debug)]
pub struct SimulatedFile {
    state: Arc<Mutex<State>>,
    file: FileId,
    is_writable: bool,
}

#[derive(Debug, Clone)]
struct State {
    folder: Folder,
    files: BTreeMap<FileId, Contents>,
    next_file: FileId,
    random: Rng,
    plan: Plan,
    operations: u64,
    is_stopped: bool,
    has_failed: bool,
    /// Bytes that all files together may have.
    space: usize,
}

impl SimulatedDisk {
    /// An empty folder.
    pub fn new(seed: u64) -> Self {
        Self::from_state(State::new(
            Folder::default(),
            BTreeMap::new(),
            scattered(seed),
        ))
    }

    /// A folder of durable files.
    pub fn with_files(seed: u64, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let (mut names, mut contents) = (BTreeMap::new(), BTreeMap::new());
        for (number, (name, bytes)) in files.into_iter().enumerate() {
            names.insert(name, number);
            contents.insert(number, Contents::durable(bytes));
        }
        let folder = Folder::durable(names);
        Self::from_state(State::new(folder, contents, scattered(seed)))
    }

    /// Every file that has a name, as it is seen now.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.lock();
        let names = state.folder.names().iter();
        names
            .map(|(name, file)| (name.clone(), state.files[file].bytes().to_vec()))
            .collect()
    }

    /// Lets things go wrong from here on, and counts operations from 0 again.
    pub fn set_plan(&self, plan: Plan) {
        let mut state = self.lock();
        state.plan = plan;
        state.operations = 0;
        state.has_failed = false;
    }

    /// How many operations there were since the plan was set.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Bytes that all files with a name may have together; `None` for no limit.
    pub fn limit_space(&self, bytes: Option<usize>) {
        self.lock().space = bytes.unwrap_or(usize::MAX);
    }

    /// From here on every operation of this disk and its files fails and does nothing.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.is_stopped = true;
        state.has_failed = true;
    }

    /// Whether a plan, or [`stop`](SimulatedDisk::stop), has stopped it.
    pub fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// Whether anything has gone wrong since the plan was set.
    pub fn has_failed(&self) -> bool {
        self.lock().has_failed
    }

    /// A disk that may be found here after the power was cut now, drawn by `seed`.
    #[must_use]
    pub fn after_power_cut(&self, seed: u64) -> Self {
        let mut random = scattered(seed);
        let state = self.lock();
        let names = state.folder.after_power_cut(&mut random);
        let files = names.values().map(|file| {
            let bytes = state.files[file].after_power_cut(&mut random);
            (*file, Contents::durable(bytes))
        });
        let files = files.collect();
        Self::from_state(State::new(Folder::durable(names), files, random))
    }

    /// The disk as the next process finds it when this one is killed now: everything is seen as before, and what was
    /// not durable still is not.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let state = self.lock();
        let random = Rng::with_seed(state.random.clone().u64(..));
        let mut next = State::new(state.folder.clone(), state.files.clone(), random);
        next.space = state.space;
        Self::from_state(next)
    }

    fn from_state(state: State) -> Self {
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn handle(&self, file: FileId, is_writable: bool) -> SimulatedFile {
        SimulatedFile {
            state: Arc::clone(&self.state),
            file,
            is_writable,
        }
    }

    fn open_as(&self, name: &str, is_writable: bool) -> io::Result<SimulatedFile> {
        let mut state = self.lock();
        state.begin()?.fail_if_any()?;
        let file = state.find(name)?;
        Ok(self.handle(file, is_writable))
    }
}

impl Disk for SimulatedDisk {
    type File = SimulatedFile;

    fn names(&self) -> io::Result<Vec<String>> {
        let mut state = self.lock();
        state.begin()?.fail_if_any()?;
        let mut names: Vec<String> = state.folder.names().keys().cloned().collect();
        state.random.shuffle(&mut names);
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut state = self.lock();
        let turn = state.begin()?;
        if state.folder.names().contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.next_file;
        let outcome = state.finish(turn, |state| {
            state.next_file += 1;
            state.files.insert(file, Contents::default());
            state.folder.bind(vec![(name.to_owned(), Some(file))]);
        });
        outcome.map(|()| self.handle(file, true))
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        self.open_as(name, true)
    }

    fn open_to_read(&self, name: &str) -> io::Result<SimulatedFile> {
        self.open_as(name, false)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        let turn = state.begin()?;
        let file = state.find(from)?;
        state.finish(turn, |state| {
            let bindings = vec![(from.to_owned(), None), (to.to_owned(), Some(file))];
            state.folder.bind(bindings);
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        let turn = state.begin()?;
        state.find(name)?;
        state.finish(turn, |state| {
            state.folder.bind(vec![(name.to_owned(), None)]);
        })
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.lock();
        let turn = state.begin()?;
        if let Err(error) = turn.fail_if_any() {
            let State { folder, random, .. } = &mut *state;
            if turn != Turn::Stop {
                folder.fail_sync(random);
            }
            return Err(error);
        }
        state.folder.sync();
        Ok(())
    }
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        let mut state = lock(&self.state);
        state.begin()?.fail_if_any()?;
        Ok(state.files[&self.file].bytes().len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = lock(&self.state);
        state.begin()?.fail_if_any()?;
        let bytes = state.files[&self.file].bytes();
        let rest = &bytes[to_size(offset)?.min(bytes.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = lock(&self.state);
        let turn = state.begin()?;
        self.check_writable()?;
        let offset = to_size(offset)?;
        let state = &mut *state;
        let fitting = state.fitting(self.file, offset, bytes.len());
        let part = state.random.usize(..=bytes.len()).min(fitting);
        let (count, error) = match turn {
            Turn::Stop | Turn::Fail(Fault::Error) => (part, Some(io_error())),
            Turn::Fail(Fault::Full) => (part, (part == 0 || state.random.bool()).then(no_space)),
            Turn::Fail(Fault::Short) => (part.max(1).min(fitting), None),
            Turn::Proceed => (fitting, (fitting == 0 && !bytes.is_empty()).then(no_space)),
        };
        self.contents(state).write(&bytes[..count], offset);
        error.map_or(Ok(count), Err)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut state = lock(&self.state);
        let turn = state.begin()?;
        self.check_writable()?;
        let length = to_size(length)?;
        state.finish(turn, |state| self.contents(state).set_length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        let turn = state.begin()?;
        let state = &mut *state;
        let contents = state
            .files
            .get_mut(&self.file)
            .expect("a handle has a file");
        if let Err(error) = turn.fail_if_any() {
            if turn != Turn::Stop {
                contents.fail_sync(&mut state.random);
            }
            return Err(error);
        }
        contents.sync();
        Ok(())
    }
}

impl SimulatedFile {
    fn contents<'s>(&self, state: &'s mut State) -> &'s mut Contents {
        state
            .files
            .get_mut(&self.file)
            .expect("a handle has a file")
    }

    fn check_writable(&self) -> io::Result<()> {
        // EBADF, as of a real file that was opened for reading; the standard library has no name for its kind.
        let refused = || io::Error::other("not open for writing");
        self.is_writable.then_some(()).ok_or_else(refused)
    }
}

impl State {
    fn new(folder: Folder, files: BTreeMap<FileId, Contents>, random: Rng) -> Self {
        let next_file = files.last_key_value().map_or(0, |(file, _)| file + 1);
        Self {
            folder,
            files,
            next_file,
            random,
            plan: Plan::default(),
            operations: 0,
            is_stopped: false,
            has_failed: false,
            space: usize::MAX,
        }
    }

    /// Every operation begins here: tells what the plan has for it.
    fn begin(&mut self) -> io::Result<Turn> {
        if self.is_stopped {
            return Err(io_error());
        }
        let number = self.operations;
        self.operations += 1;
        if self.plan.stop_at == Some(number) {
            self.is_stopped = true;
            self.has_failed = true;
            return Ok(Turn::Stop);
        }
        let fault = self.plan.faults.remove(&number);
        self.has_failed |= fault.is_some();
        Ok(fault.map_or(Turn::Proceed, Turn::Fail))
    }

    /// Ends an operation that does all of `work` or none.
    fn finish(&mut self, turn: Turn, work: impl FnOnce(&mut Self)) -> io::Result<()> {
        let failure = turn.fail_if_any();
        let is_full = turn == Turn::Fail(Fault::Full);
        if failure.is_ok() || (!is_full && self.random.bool()) {
            work(self);
        }
        failure
    }

    fn find(&self, name: &str) -> io::Result<FileId> {
        let file = self.folder.names().get(name).copied();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// How many of `count` bytes there is space for.
    fn fitting(&self, file: FileId, offset: usize, count: usize) -> usize {
        if self.space == usize::MAX {
            return count;
        }
        let named = self.folder.names().values();
        let used: usize = named.map(|file| self.files[file].bytes().len()).sum();
        let free = self.space.saturating_sub(used);
        let reach = self.files[&file].bytes().len() + free;
        count.min(reach.saturating_sub(offset))
    }
}

/// What the plan has for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Proceed,
    Fail(Fault),
    Stop,
}

impl Turn {
    /// For an operation that cannot be cut short.
    fn fail_if_any(self) -> io::Result<()> {
        match self {
            Self::Proceed | Self::Fail(Fault::Short) => Ok(()),
            Self::Fail(Fault::Full) => Err(no_space()),
            Self::Fail(Fault::Error) | Self::Stop => Err(io_error()),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A test that panicked elsewhere has said enough.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn io_error() -> io::Error {
    io::Error::other("the disk failed (simulated)")
}

fn no_space() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn to_size(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

/// Seeds that follow one another should have nothing in common.
fn scattered(seed: u64) -> Rng {
    let mut random = Rng::with_seed(seed);
    Rng::with_seed(random.u64(..) ^ seed.rotate_left(32))
}
