//! A short page that is played in lab 08's folder, and a `labctl` that plays it in the background.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{lab::Lab, said::Said};

/// What everybody types first.
pub(crate) const START: &str = "docker compose up --build -d";

/// Prints a word, then lasts until the lab is taken down; it dies with the lab, whatever became of labctl.
pub(crate) const HOLD: &str = "echo holding\ndocker wait lab08-redis";

/// Writes a page of these blocks, by name and code, and gives its path.
pub(crate) fn page(lab: &Lab, blocks: &[(&str, &str)]) -> PathBuf {
    let mut text = String::new();
    for (name, code) in blocks {
        let _ = write!(text, "```bash {{\"name\": \"{name}\"}}\n{code}\n```\n\n");
    }
    let path = lab.folder().join("page.md");
    fs::write(&path, text).unwrap();
    path
}

/// `verify PAGE --cwd …` with more arguments.
pub(crate) fn verify<'a>(page: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let page = page.to_str().unwrap();
    let mut args = vec!["verify", page, "--cwd", "compose/08-cache-aside"];
    args.extend(more);
    args
}

/// A `labctl` that is in the middle of its page.
pub(crate) struct Running {
    process: Child,
    stdout: BufReader<ChildStdout>,
    said: String,
}

impl Running {
    /// Plays [`START`], then [`HOLD`], and returns when that block runs.
    pub(crate) fn holding(lab: &Lab) -> Self {
        let page = page(lab, &[("start", START), ("hold", HOLD)]);
        let mut process = lab
            .process(&verify(&page, &["--verbose"]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut running = Self {
            process,
            stdout,
            said: String::new(),
        };
        while !running.said.ends_with("holding\n") {
            let read = running.stdout.read_line(&mut running.said).unwrap();
            assert_ne!(read, 0, "ended before it held:\n{}", running.said);
        }
        running
    }

    /// Sends the signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.process.id().try_into().unwrap());
        kill(id, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ends(mut self) -> Said {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        Said {
            code: self.process.wait().unwrap().code(),
            stdout: std::mem::take(&mut self.said) + &rest,
            stderr: String::new(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
