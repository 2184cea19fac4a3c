//! From an invocation to a started process with pipes, and the files it needs.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

use pty_process::Size;
use tempfile::{NamedTempFile, TempDir};
use tokio::process::Command;

use super::{
    Invocation, Program, ShellError,
    exports::{Environment, Exports},
    family::{Family, MARK, new_token},
    root::{Root, Spawned, at_terminal},
    script::{self, State},
};

/// Longer code goes to a file: the kernel takes no argument above 128 KiB.
const LONGEST_ARGUMENT_BYTES: usize = 100 * 1024;

/// A block's process, its family, and what must live as long as it does.
pub(super) struct Started {
    pub(super) spawned: Spawned,
    pub(super) family: Family,
    /// What it was started with, if its exported variables are to be read afterwards.
    pub(super) before: Option<Environment>,
    pub(super) file: Option<NamedTempFile>,
}

/// What is to be executed: the words, then the file if there is one.
struct Prepared {
    words: Vec<OsString>,
    file: Option<NamedTempFile>,
    bash_env: Option<PathBuf>,
    /// Whether the shell lists its exported variables at its end.
    is_listed: bool,
}

/// What blocks are started with.
#[derive(Debug)]
pub(super) struct Starter {
    base: Environment,
    pub(super) exports: Exports,
    folder: TempDir,
    /// What stands in the file that bash reads first.
    prelude: Vec<u8>,
    /// The folder that the last block with a shared state was to start in, and the one it stopped in.
    went: Option<(PathBuf, PathBuf)>,
    found: BTreeMap<(OsString, Option<OsString>), PathBuf>,
}

impl Starter {
    pub(super) fn new(base: Environment, folder: TempDir) -> Self {
        Self {
            base,
            exports: Exports::default(),
            folder,
            prelude: Vec::new(),
            went: None,
            found: BTreeMap::new(),
        }
    }

    /// The file that a shell writes its exported variables to.
    pub(super) fn dump(&self) -> PathBuf {
        self.folder.path().join("exports")
    }

    /// Starts the block, at a terminal of this size if there is one. `is_carried`: its exported variables count.
    pub(super) fn start(
        &mut self,
        invocation: &Invocation,
        is_carried: bool,
        terminal: Option<Size>,
    ) -> Result<Started, ShellError> {
        let block = &invocation.block;
        let environment = self.environment(invocation);
        let prepared = self
            .prepare(invocation, &environment, is_carried)
            .map_err(|source| ShellError::Io {
                block: block.clone(),
                what: "writing its code",
                source,
            })?;
        let file = prepared.file;
        let words = prepared
            .words
            .into_iter()
            .chain(file.iter().map(|file| file.path().into()));
        let command = self.command(words.collect(), &environment, terminal.is_some());
        let mut command = command.map_err(|(program, source)| ShellError::Start {
            block: block.clone(),
            program,
            source,
        })?;
        let token = new_token();
        let mark = match environment.get(OsStr::new(MARK)) {
            Some(outer) => [outer.as_os_str(), OsStr::new(&token)].join(OsStr::new(":")),
            None => OsString::from(&token),
        };
        command.current_dir(self.cwd(invocation)).env(MARK, mark);
        if let Some(prelude) = prepared.bash_env {
            command.env("BASH_ENV", prelude);
        }
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let spawned = match terminal {
            Some(size) => Root::with_terminal(command, size),
            None => Root::with_pipes(command),
        };
        let spawned = spawned.map_err(|source| ShellError::Start {
            block: block.clone(),
            program,
            source,
        })?;
        let root = spawned.root.pid();
        Ok(Started {
            family: Family::new(token, root, terminal.is_some()),
            spawned,
            before: prepared.is_listed.then_some(environment),
            file,
        })
    }

    /// What the next block with a shared state goes on from.
    fn state(&self) -> State {
        let file = |name| self.folder.path().join(name);
        State {
            before: file("state"),
            after: file("state.new"),
            cwd: file("cwd"),
        }
    }

    /// Lets the next block go on where this one stopped. Best effort: bash may have left nothing.
    pub(super) fn keep_state(&mut self, invocation: &Invocation) {
        let state = self.state();
        if invocation.shares_state && fs::rename(&state.after, &state.before).is_ok() {
            self.went = fs::read(&state.cwd).ok().map(|folder| {
                let folder = folder.strip_suffix(b"\n").unwrap_or(&folder);
                (
                    invocation.cwd.clone(),
                    PathBuf::from(OsStr::from_bytes(folder)),
                )
            });
        }
    }

    /// Where a block starts.
    fn cwd<'a>(&'a self, invocation: &'a Invocation) -> &'a Path {
        match &self.went {
            Some((from, to))
                if invocation.shares_state && *from == invocation.cwd && to.is_dir() =>
            {
                to
            }
            _ => &invocation.cwd,
        }
    }

    fn prepare(
        &mut self,
        invocation: &Invocation,
        environment: &Environment,
        is_carried: bool,
    ) -> io::Result<Prepared> {
        let (command, suffix) = match &invocation.program {
            Program::Print => (vec!["cat".into()], ""),
            Program::Shell(command)
                if command.first().is_some_and(|name| script::is_shell(name)) =>
            {
                return self.prepare_shell(command, invocation, environment, is_carried);
            }
            Program::Shell(command) => (command.clone(), ""),
            Program::Interpreter { command, suffix } => (command.clone(), suffix.as_str()),
        };
        let code = format!("{}\n", invocation.code);
        Ok(Prepared {
            words: command,
            file: Some(self.write_code(OsStr::new(&code), suffix, Some(&invocation.cwd))?),
            bash_env: None,
            is_listed: false,
        })
    }

    fn prepare_shell(
        &mut self,
        command: &[OsString],
        invocation: &Invocation,
        environment: &Environment,
        is_carried: bool,
    ) -> io::Result<Prepared> {
        let code = invocation.code.as_str();
        let mut words = command.to_vec();
        words.extend(
            script::shell_options(&command[0])
                .iter()
                .map(OsString::from),
        );
        let mut bash_env = None;
        let code = if !is_carried {
            OsString::from(code)
        } else if script::reads_bash_env(&command[0]) {
            let inherited = environment.get(OsStr::new("BASH_ENV"));
            bash_env = Some(self.write_prelude(inherited.map(OsString::as_os_str), invocation)?);
            OsString::from(script::bash_code(code))
        } else {
            script::other_code(&self.dump(), code)
        };
        let mut file = None;
        if code.len() > LONGEST_ARGUMENT_BYTES {
            file = Some(self.write_code(&code, ".sh", None)?);
        } else {
            words.extend(["-c".into(), code]);
        }
        Ok(Prepared {
            words,
            file,
            bash_env,
            is_listed: is_carried,
        })
    }

    fn environment(&self, invocation: &Invocation) -> Environment {
        let mut environment = self.base.clone();
        for (name, value) in &invocation.env {
            environment.insert(name.into(), value.into());
        }
        self.exports.apply(&mut environment);
        environment
    }

    fn command(
        &mut self,
        mut words: Vec<OsString>,
        environment: &Environment,
        is_at_terminal: bool,
    ) -> Result<Command, (String, io::Error)> {
        let path = environment.get(OsStr::new("PATH"));
        let mut program = self.find(words.first(), path)?;
        if is_at_terminal {
            words = at_terminal(words);
            program = self.find(words.first(), path)?;
        }
        let mut words = words.into_iter();
        let name = words.next().unwrap_or_default();
        let mut command = Command::new(program);
        command.arg0(name).args(words).env_clear().envs(environment);
        Ok(command)
    }

    fn find(
        &mut self,
        name: Option<&OsString>,
        path: Option<&OsString>,
    ) -> Result<PathBuf, (String, io::Error)> {
        let key = (name.cloned().unwrap_or_default(), path.cloned());
        if let Some(found) = self.found.get(&key) {
            return Ok(found.clone());
        }
        let found = find_program(&key.0, path.map(OsString::as_os_str)).ok_or_else(|| {
            (
                key.0.to_string_lossy().into_owned(),
                io::ErrorKind::NotFound.into(),
            )
        })?;
        self.found.insert(key, found.clone());
        Ok(found)
    }

    fn write_prelude(
        &mut self,
        inherited: Option<&OsStr>,
        invocation: &Invocation,
    ) -> io::Result<PathBuf> {
        let file = self.folder.path().join("prelude");
        let text = script::bash_env(
            &self.dump(),
            invocation.shares_state.then(|| self.state()).as_ref(),
            inherited,
            &invocation.code,
        );
        if text != self.prelude {
            fs::write(&file, &text)?;
            self.prelude = text;
        }
        Ok(file)
    }

    /// Writes code to a file in `folder`, or in the session's own where that cannot be.
    fn write_code(
        &self,
        code: &OsStr,
        suffix: &str,
        folder: Option<&Path>,
    ) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("labctl-").suffix(suffix);
        let file = match folder.map(|folder| builder.tempfile_in(folder)) {
            Some(Ok(file)) => file,
            _ => builder.tempfile_in(self.folder.path())?,
        };
        fs::write(file.path(), code.as_encoded_bytes())?;
        Ok(file)
    }
}

/// The file that `path` (or the name itself, if it has a slash) leads to.
fn find_program(name: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let is_program = |file: &PathBuf| {
        file.metadata()
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if Path::new(name).components().count() > 1 {
        return Some(PathBuf::from(name)).filter(is_program);
    }
    std::env::split_paths(path?)
        .map(|folder| folder.join(name))
        .find(is_program)
}
