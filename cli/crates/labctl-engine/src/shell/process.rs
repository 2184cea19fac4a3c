//! The real shell: a fresh process for each block.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use labctl_runbook::ExitStatus;
use nix::{
    sys::{prctl, signal::Signal},
    unistd::getpid,
};
use tempfile::{NamedTempFile, TempDir};
use tokio::{
    process::{ChildStderr, ChildStdout, Command},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::{
    Stream,
    shell::{
        Attempt, Captured, Ending, Invocation, Program, Shell, ShellError, Stop, exported,
        tree::{MARK, Tree, Whose},
        watch::{Limits, Running},
    },
};

/// A longer argument the kernel refuses (128 KiB, `MAX_ARG_STRLEN`); such code goes through a file.
const LONGEST_ARGUMENT: usize = 100_000;

/// Runs blocks as processes of this machine.
#[derive(Debug)]
pub struct ProcessShell {
    /// What the next block starts with: labctl's own environment, and what blocks have exported since.
    environment: BTreeMap<OsString, OsString>,
    /// Where shells write what they export, and code that is run from a file.
    folder: TempDir,
    /// Every block started so far: the mark of the first ends in 1.
    blocks: Vec<String>,
    background: Vec<Background>,
}

#[derive(Debug)]
struct Background {
    block: String,
    pid: Option<i32>,
    stop: Stop,
    task: JoinHandle<Attempt>,
}

/// A command ready to be started, and what must live as long as it runs.
struct Prepared {
    command: Command,
    mark: String,
    /// Where its exported variables will be.
    exports: Option<PathBuf>,
    _script: Option<NamedTempFile>,
}

impl ProcessShell {
    /// A session with labctl's own environment and these variables besides.
    ///
    /// # Errors
    /// No temporary folder can be made.
    pub fn new(env: impl IntoIterator<Item = (String, String)>) -> io::Result<Self> {
        // Elsewhere than on Linux orphans are lost to labctl; it is best effort there.
        let _ = prctl::set_child_subreaper(true);
        let mut environment: BTreeMap<_, _> = env::vars_os().collect();
        environment.extend(
            env.into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let folder = tempfile::Builder::new().prefix("labctl-").tempdir()?;
        Ok(Self {
            environment,
            folder,
            blocks: Vec::new(),
            background: Vec::new(),
        })
    }

    fn prepare(&mut self, invocation: &Invocation) -> Result<Prepared, ShellError> {
        self.blocks.push(invocation.block.clone());
        let number = self.blocks.len();
        let mark = format!("{}{number}", mark_prefix());
        let (words, code, suffix, exports) = match &invocation.program {
            Program::Shell(words) => {
                let exports = self.folder.path().join(format!("exports-{number}"));
                (
                    shell_words(words),
                    Some(with_exports(&invocation.code, &exports)),
                    String::new(),
                    Some(exports),
                )
            }
            Program::Interpreter { command, suffix } => {
                (command.clone(), None, suffix.clone(), None)
            }
            Program::Print => (vec!["cat".into()], None, ".txt".to_owned(), None),
        };
        let (program, arguments) = words.split_first().ok_or_else(|| ShellError::Start {
            block: invocation.block.clone(),
            program: String::new(),
            source: io::Error::new(
                io::ErrorKind::InvalidInput,
                "the interpreter's name is empty",
            ),
        })?;
        let mut command = Command::new(program);
        let mut script = None;
        match code {
            Some(code) if code.len() <= LONGEST_ARGUMENT => drop(command.args(arguments).arg(code)),
            Some(code) => {
                // The last word is `-c`: a file takes its place.
                let file = self.script(&code, "", self.folder.path(), invocation)?;
                command
                    .args(&arguments[..arguments.len() - 1])
                    .arg(file.path());
                script = Some(file);
            }
            None => {
                let text = format!("{}\n", invocation.code);
                let file = self.script(&text, &suffix, &invocation.cwd, invocation)?;
                command.args(arguments).arg(file.path());
                script = Some(file);
            }
        }
        command
            .current_dir(&invocation.cwd)
            .env_clear()
            .envs(&self.environment)
            .envs(&invocation.env)
            .env(MARK, &mark)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        Ok(Prepared {
            command,
            mark,
            exports,
            _script: script,
        })
    }

    /// A temporary file with this code; interpreters find their neighbours by its folder, so it is made in the block's
    /// own where that can be written.
    fn script(
        &self,
        code: &str,
        suffix: &str,
        folder: &Path,
        invocation: &Invocation,
    ) -> Result<NamedTempFile, ShellError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".labctl-").suffix(suffix);
        let file = builder
            .tempfile_in(folder)
            .or_else(|_| builder.tempfile_in(self.folder.path()));
        let failed = |source| ShellError::Io {
            block: invocation.block.clone(),
            what: "its code cannot be written",
            source,
        };
        let mut file = file.map_err(failed)?;
        file.write_all(code.as_bytes()).map_err(failed)?;
        Ok(file)
    }

    fn start(
        &self,
        prepared: &mut Prepared,
        invocation: &Invocation,
    ) -> Result<Running<ChildStdout, ChildStderr>, ShellError> {
        let started = Instant::now();
        let mut child = prepared
            .command
            .spawn()
            .map_err(|source| ShellError::Start {
                block: invocation.block.clone(),
                program: prepared
                    .command
                    .as_std()
                    .get_program()
                    .to_string_lossy()
                    .into_owned(),
                source,
            })?;
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take();
        let root = child.id().and_then(|pid| i32::try_from(pid).ok());
        let tree = Tree {
            whose: Whose::Block(prepared.mark.clone()),
            root,
            others: self.background_pids(),
        };
        Ok(Running {
            child,
            stdout,
            stderr,
            tree,
            started,
        })
    }

    fn background_pids(&self) -> BTreeSet<i32> {
        self.background
            .iter()
            .filter_map(|background| background.pid)
            .collect()
    }

    /// Takes over what a shell exported, if it ended well.
    fn carry(&mut self, prepared: &Prepared, ending: Ending) {
        let Some(path) = &prepared.exports else {
            return;
        };
        if ending == Ending::Exited(ExitStatus::Code(0))
            && let Ok(text) = fs::read(path)
        {
            let own = |name: &OsStr| {
                ["PWD", "OLDPWD", "SHLVL", "_"]
                    .iter()
                    .any(|own| name == *own)
            };
            self.environment.retain(|name, _| own(name));
            self.environment.extend(exported::parse(&text));
        }
        drop(fs::remove_file(path));
    }
}

/// A shell with the options it takes for stopping at the first failure, up to where the code goes.
fn shell_words(words: &[OsString]) -> Vec<OsString> {
    let name = words
        .first()
        .map(Path::new)
        .and_then(Path::file_name)
        .and_then(OsStr::to_str)
        .unwrap_or("");
    let options: &[&str] = match name {
        "bash" | "zsh" | "ksh" => &["-e", "-o", "pipefail", "-c"],
        "sh" | "dash" => &["-e", "-c"],
        _ => &["-c"],
    };
    words
        .iter()
        .cloned()
        .chain(options.iter().map(OsString::from))
        .collect()
}

/// The code, made to write its exported variables when it ends; its own line numbers stay right.
fn with_exports(code: &str, exports: &Path) -> String {
    let file = exports.display().to_string().replace('\'', r"'\''");
    let dump = format!("{{ export -p >'{file}'; }} 2>/dev/null || :");
    let trap = dump.replace('\'', r"'\''");
    if code.contains("trap") {
        // A trap of its own on EXIT replaces ours; at the normal end the variables are written all the same, and the
        // last status stays what it was.
        format!("trap '{trap}' EXIT; {code}\nlabctl_status=$?; {dump}; (exit $labctl_status)")
    } else {
        format!("trap '{trap}' EXIT; {code}")
    }
}

impl Shell for ProcessShell {
    async fn run(
        &mut self,
        invocation: &Invocation,
        stop: &Stop,
        printed: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Attempt, ShellError> {
        let mut prepared = self.prepare(invocation)?;
        let limits = Limits {
            deadline: invocation.deadline,
            endless: invocation.endless,
        };
        let attempt = self
            .start(&mut prepared, invocation)?
            .watch(limits, stop, printed)
            .await;
        self.carry(&prepared, attempt.ending);
        Ok(attempt)
    }

    async fn start_background(&mut self, invocation: &Invocation) -> Result<(), ShellError> {
        let mut prepared = self.prepare(invocation)?;
        let running = self.start(&mut prepared, invocation)?;
        let pid = running.tree.root;
        let stop = Stop::default();
        let limits = Limits {
            deadline: invocation.deadline,
            endless: None,
        };
        let watched = stop.clone();
        let task = tokio::spawn(async move {
            let _alive = prepared;
            running
                .watch(limits, &watched, &mut |_: Stream, _: &[u8]| ())
                .await
        });
        self.background.push(Background {
            block: invocation.block.clone(),
            pid,
            stop,
            task,
        });
        Ok(())
    }

    async fn wait_background(
        &mut self,
        block: &str,
        deadline: Duration,
        stop: &Stop,
    ) -> Result<Attempt, ShellError> {
        let at = self
            .background
            .iter()
            .position(|background| background.block == block);
        let at = at.ok_or_else(|| ShellError::NoSuchBackground(block.to_owned()))?;
        let mut background = self.background.remove(at);
        let ended = tokio::select! {
            ended = timeout(deadline, &mut background.task) => ended.ok(),
            () = stop.cancel.cancelled() => None,
        };
        if let Some(ended) = ended {
            return Ok(ended.unwrap_or_else(|_| lost()));
        }
        let ending = if stop.cancel.is_cancelled() {
            Ending::Cancelled
        } else {
            Ending::TimedOut
        };
        Ok(Attempt {
            ending,
            ..end(background).await.1
        })
    }

    async fn stop_background(&mut self) -> Vec<(String, Attempt)> {
        let mut ended = Vec::new();
        for background in self.background.drain(..) {
            ended.push(end(background).await);
        }
        ended
    }

    async fn end_session(&mut self) -> Vec<String> {
        let tree = Tree {
            whose: Whose::Session(mark_prefix()),
            root: None,
            others: self.background_pids(),
        };
        let left = tree.describe();
        if !left.is_empty() {
            tree.end(Signal::SIGTERM).await;
        }
        let block = |mark: Option<String>| {
            let number: usize = mark?.strip_prefix(&mark_prefix())?.parse().ok()?;
            self.blocks.get(number.checked_sub(1)?)
        };
        left.into_iter()
            .map(|(mark, process)| match block(mark) {
                Some(block) => format!("{process}, left by `{block}`"),
                None => process,
            })
            .collect()
    }
}

/// What the marks of this process's blocks begin with.
fn mark_prefix() -> String {
    format!("{}-", getpid())
}

async fn end(background: Background) -> (String, Attempt) {
    background.stop.enough.cancel();
    (
        background.block,
        background.task.await.unwrap_or_else(|_| lost()),
    )
}

/// What is known of a task that did not come back: nothing.
fn lost() -> Attempt {
    Attempt {
        ending: Ending::Exited(ExitStatus::Code(-1)),
        stdout: Captured::default(),
        stderr: Captured::default(),
        duration: Duration::ZERO,
    }
}
