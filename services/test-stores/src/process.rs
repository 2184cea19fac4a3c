//! A server process that ends with its owner, and can be stopped, paused and resumed.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};

/// Far above what a server needs on a busy machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    name: &'static str,
    log: PathBuf,
    is_paused: bool,
}

impl Server {
    /// Starts `program`; the kernel kills it should this process die first.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[String],
        user: Option<&User>,
        log: &Path,
    ) -> Self {
        let output = File::options().create(true).append(true).open(log);
        let output = output.expect("the server's folder is writable");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(user) = user {
            command
                .args(["--reuid", &user.uid.to_string()])
                .args(["--regid", &user.gid.to_string()])
                .arg("--clear-groups");
        }
        command
            .arg("--")
            .arg(program)
            .args(arguments)
            .current_dir("/")
            // Ctrl-C in the terminal is for the tests.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file can be shared"))
            .stderr(output);
        let child = spawn(command);
        let child = child.unwrap_or_else(|error| {
            panic!("cannot start {name} through setpriv (Debian package util-linux): {error}")
        });
        Self {
            child,
            name,
            log: log.to_owned(),
            is_paused: false,
        }
    }

    /// Waits until `is_ready`, or fails with what the server said.
    pub(crate) fn wait_until(&mut self, is_ready: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_ready() {
            let ended = self.child.try_wait().expect("it is our child");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{} is not ready ({ended:?}); it said:\n{}",
                self.name,
                fs::read_to_string(&self.log).unwrap_or_default()
            );
            pause();
        }
    }

    /// Sends `signal` and waits for the end.
    pub(crate) fn stop(&mut self, signal: Signal) {
        self.resume();
        self.signal_itself(signal);
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("it is our child").is_none() {
            assert!(Instant::now() < deadline, "{} does not stop", self.name);
            pause();
        }
    }

    /// Freezes the server and its children: connections stay, nothing answers.
    pub(crate) fn pause(&mut self) {
        self.signal_itself(Signal::SIGSTOP);
        // The parent first, so that no child is born unseen.
        self.signal_children(Signal::SIGSTOP);
        self.is_paused = true;
    }

    /// Lets a frozen server go on.
    pub(crate) fn resume(&mut self) {
        if self.is_paused {
            self.signal_children(Signal::SIGCONT);
            self.signal_itself(Signal::SIGCONT);
            self.is_paused = false;
        }
    }

    fn signal_itself(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill(self.pid(), signal);
    }

    fn signal_children(&self, signal: Signal) {
        let path = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = fs::read_to_string(path).unwrap_or_default();
        for child in children.split_whitespace() {
            if let Ok(pid) = child.parse() {
                // It may have ended since.
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.resume();
        // PostgreSQL ends its children at SIGQUIT, Redis ends at once as well.
        self.signal_itself(Signal::SIGQUIT);
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            pause();
        }
    }
}

/// The death signal is sent at the end of the *thread* that started the process, so one thread starts them
/// all and lasts as long as the tests.
fn spawn(command: Command) -> std::io::Result<Child> {
    type Order = (Command, Sender<std::io::Result<Child>>);
    static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, next) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in next {
                // Whoever asked is waiting.
                let _ = reply.send(command.spawn());
            }
        });
        orders
    });
    let (reply, child) = channel();
    spawner
        .send((command, reply))
        .expect("the thread lasts as long as the process");
    child.recv().expect("the thread answers every order")
}

/// Between two looks at a condition that has a deadline.
fn pause() {
    std::thread::park_timeout(POLL);
}

/// A loopback port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    address.port()
}

/// Whether somebody accepts connections on a loopback port.
pub(crate) fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    Some(stream)
}

/// The user that servers run as which refuse to be root; `None` if we are somebody else already.
pub(crate) fn unprivileged() -> Option<User> {
    if !Uid::effective().is_root() {
        return None;
    }
    let user = ["postgres", "nobody"]
        .iter()
        .find_map(|name| User::from_name(name).ok().flatten());
    Some(user.expect("a system has a user `nobody`"))
}

/// The path of `program`, from `PATH` or the folders where Debian has it.
pub(crate) fn find(program: &str, elsewhere: &[PathBuf], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(elsewhere.iter().cloned());
    let found = folders
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("no `{program}` found: install the Debian package {package}"))
}
