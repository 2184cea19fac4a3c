//! A code block of a runbook.

use crate::{Attributes, Span, attributes::flag, expect::Expectations};

/// One code block: what will be run, what it is called, and what must hold afterwards.
#[derive(Debug, Clone)]
pub struct Block {
    /// The name it is selected by: the `name` attribute or a generated one, made unique by a suffix.
    pub name: String,
    /// Whether the author named it.
    pub is_named: bool,
    /// The fence's language.
    pub language: Language,
    /// The fence's attributes.
    pub attributes: Attributes,
    /// The code as it will be run: container prefix and leading `$ ` removed, trailing space trimmed, lines
    /// joined by `\n`, no newline at the end.
    pub code: String,
    /// For each line of `code`, where that line stands in the document.
    pub code_lines: Vec<Span>,
    /// The paragraph right before the block, as Runme lists it; empty if there is none.
    pub description: String,
    /// The first command, as Runme lists it.
    pub first_command: String,
    /// The whole block, fences included.
    pub span: Span,
    /// The opening fence's line (for indented code, its first line).
    pub opening: Span,
    /// The opening fence's line number, from 1.
    pub line: usize,
    /// What the comment below the block says must hold.
    pub expectations: Expectations,
}

impl Block {
    /// Whether the fence says `background: true`.
    pub fn is_background(&self) -> bool {
        flag(&self.attributes, "background") == Some(true)
    }

    /// Whether the fence says `excludeFromRunAll: true`.
    pub fn is_excluded_from_run_all(&self) -> bool {
        flag(&self.attributes, "excludeFromRunAll") == Some(true)
    }

    /// The block's tags: those of `category` first, then those of `tag`; items are not trimmed (Runme's rule).
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        ["category", "tag"]
            .into_iter()
            .filter_map(|key| self.attributes.get(key))
            .flat_map(|list| list.split(','))
            .filter(|tag| !tag.is_empty())
    }
}

/// A fence's language, read for what can be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Language {
    /// No language word.
    None,
    /// Runs in a shell.
    Shell(ShellKind),
    /// Any other word, such as `python` or `yaml`; the engine knows which have an interpreter.
    Other(String),
}

impl Language {
    /// Reads a fence's language word.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "" => Self::None,
            "bash" | "shellscript" => Self::Shell(ShellKind::Bash),
            "zsh" => Self::Shell(ShellKind::Zsh),
            "sh" | "shell" | "sh-raw" | "bat" => Self::Shell(ShellKind::Default),
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The shells a fence can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellKind {
    /// `bash`, and what editors call `shellscript`.
    Bash,
    /// `sh`, `shell` and `bat`'s likes: the front matter's shell, else bash.
    Default,
    /// `zsh`.
    Zsh,
}
