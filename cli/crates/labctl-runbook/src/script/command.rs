//! The simple commands of a script.

use std::{collections::BTreeSet, ops::Range, rc::Rc};

use super::{
    scanner,
    word::{VariableUse, Word},
    wrappers,
};

/// The simple commands of a block's code, in the order they end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    /// Every simple command, those in substitutions, functions and `bash -c '…'` included.
    pub(crate) commands: Vec<Command>,
    /// The functions it defines.
    pub(crate) functions: BTreeSet<String>,
    /// The variables it reads, in the order they were met.
    pub(crate) variables: Vec<VariableUse>,
    /// Variables that loops and arithmetic set, with the place.
    pub(crate) set_by_loops: Vec<(String, usize)>,
    /// Loops that have no end of their own.
    pub(crate) endless_loops: Vec<Loop>,
}

/// A loop without an end of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loop {
    /// Its head in the code, such as `while true`.
    pub(crate) head: Range<usize>,
    /// Its first command, by index.
    pub(crate) first_command: usize,
}

/// A simple command: a program with its arguments, or assignments only.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "circumstances that hold or not, each by itself"
)]
pub(crate) struct Command {
    /// Assignments before the first word.
    pub(crate) assignments: Vec<Word>,
    /// The words, redirections left out, wrappers such as `sudo` and `timeout 5` included.
    pub(crate) words: Vec<Word>,
    /// Which word is the program, wrappers passed over; `words.len()` if there is none.
    pub(crate) program: usize,
    /// Whether `xargs` adds arguments that are not written here.
    pub(crate) is_given_arguments: bool,
    /// Whether its standard input comes from a pipe, a file or a here-document.
    pub(crate) is_fed: bool,
    /// Whether it runs in the background.
    pub(crate) is_background: bool,
    /// Whether it ends early: inside `timeout`, or into `head`.
    pub(crate) is_bounded: bool,
    /// Whether it may fail or may not be run at all: beside `||`, in a condition, in a branch of `if` or `case`.
    pub(crate) is_guarded: bool,
    /// Whether it stands in a loop.
    pub(crate) is_in_loop: bool,
    /// Whether it is an element of a pipeline.
    pub(crate) is_piped: bool,
    /// The function it stands in.
    pub(crate) function: Option<Rc<str>>,
}

impl Script {
    /// Reads shell code.
    pub(crate) fn new(code: &str) -> Self {
        scanner::scan(code)
    }
}

impl Command {
    /// The program's name, if it is written out.
    pub(crate) fn name(&self) -> Option<&str> {
        self.words
            .get(self.program)
            .filter(|word| word.is_literal() && !word.text.is_empty())
            .map(|word| word.text.as_str())
    }

    /// The program's file name: `/usr/bin/psql` is `psql`.
    pub(crate) fn program_name(&self) -> Option<&str> {
        self.name()
            .map(|name| name.rsplit('/').next().unwrap_or(name))
    }

    /// The program and its arguments.
    pub(crate) fn program_words(&self) -> &[Word] {
        self.words.get(self.program..).unwrap_or_default()
    }

    /// The arguments.
    pub(crate) fn arguments(&self) -> &[Word] {
        self.words.get(self.program + 1..).unwrap_or_default()
    }

    /// The command that this one starts elsewhere, in the same circumstances.
    pub(crate) fn starting(&self, words: Vec<Word>) -> Self {
        let mut inner = Self {
            words,
            ..self.clone()
        };
        wrappers::unwrap(&mut inner);
        inner
    }

    /// The code that it hands to a shell, as in `bash -c '…'`, where it is written out.
    pub(crate) fn shell_code(&self) -> Option<&str> {
        let word = self.shell_code_word().filter(|word| word.is_literal())?;
        Some(&word.text)
    }

    /// The word with that code.
    pub(super) fn shell_code_word(&self) -> Option<&Word> {
        let is_shell = matches!(
            self.program_name()?,
            "bash" | "sh" | "zsh" | "dash" | "ksh" | "ash"
        );
        let arguments = self.arguments();
        let option = arguments
            .iter()
            .position(|word| word.text.starts_with('-') && word.text.ends_with('c'))?;
        arguments.get(option + 1).filter(|_| is_shell)
    }

    /// Where program and arguments stand in the code.
    pub(crate) fn range(&self) -> Range<usize> {
        let words = self.program_words();
        match (words.first(), words.last()) {
            (Some(first), Some(last)) => first.range.start..last.range.end,
            _ => 0..0,
        }
    }
}
