//! The binary under test, and what it said.

use assert_cmd::Command;

/// The binary under test, with an environment of its own.
pub(crate) fn labctl() -> Command {
    let mut command = Command::cargo_bin("labctl").unwrap();
    command
        .env_remove("CI")
        .env("NO_COLOR", "1")
        .timeout(std::time::Duration::from_mins(1));
    command
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) trait Say {
    /// Runs it to its end.
    fn said(&mut self) -> Said;
}

impl Say for Command {
    fn said(&mut self) -> Said {
        let output = self.output().unwrap();
        Said {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn passes(self) -> Self {
        self.code(0)
    }

    /// Some stream has this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "nowhere: {text}\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}
