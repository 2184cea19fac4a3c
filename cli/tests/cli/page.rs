//! A runbook built in a test, and what `labctl` says of it: `Page::new().block("read", "echo hi").verify().passes()`.

use std::{fmt::Write as _, fs, path::Path};

use assert_cmd::Command;
use tempfile::TempDir;

use crate::said::Said;
pub(crate) use crate::said::{Say, labctl};

/// A folder with a runbook `page.md` in it.
#[derive(Debug)]
pub(crate) struct Page {
    folder: TempDir,
    text: String,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self::of("# Page\n")
    }

    /// A page of this very text.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            text: text.to_owned(),
        }
    }

    /// Adds a named bash block.
    pub(crate) fn block(self, name: &str, code: &str) -> Self {
        self.fence(&format!("bash {{\"name\": \"{name}\"}}"), code)
    }

    /// Adds a block with this info string.
    pub(crate) fn fence(mut self, info: &str, code: &str) -> Self {
        let _ = write!(self.text, "\n```{info}\n{code}\n```\n");
        self
    }

    /// Adds an expectation comment below the last block.
    pub(crate) fn expect(mut self, claims: &str) -> Self {
        let _ = write!(self.text, "<!-- expect\n{claims}\n-->\n");
        self
    }

    /// Adds any text.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// The folder the page is in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file beside the page.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// The command, in the page's folder, which holds `page.md`.
    pub(crate) fn labctl(&self, args: &[&str]) -> Command {
        fs::write(self.folder.path().join("page.md"), &self.text).unwrap();
        let mut command = labctl();
        command.current_dir(self.folder.path()).args(args);
        command
    }

    /// `labctl verify page.md`.
    pub(crate) fn verify(&self) -> Said {
        self.labctl(&["verify", "page.md"]).said()
    }

    /// `labctl run page.md BLOCK…`.
    pub(crate) fn run(&self, blocks: &[&str]) -> Said {
        self.labctl(&[&["run", "page.md"], blocks].concat()).said()
    }
}
