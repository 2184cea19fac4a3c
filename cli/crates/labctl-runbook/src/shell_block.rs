//! Which blocks a shell runs, and where a place in a block's code stands in the document.

use std::ops::Range;

use crate::{Block, FrontMatter, Language, ShellKind, Span};

const SHELLS: &[&str] = &["bash", "sh", "zsh", "dash", "ksh", "ash"];

impl Block {
    /// Whether its code is shell code: by `interpreter`, else the fence's language, else the front matter's `shell`.
    pub(crate) fn is_shell(&self, front_matter: &FrontMatter) -> bool {
        if let Some(interpreter) = self.interpreter() {
            return names_shell(interpreter);
        }
        match &self.language {
            Language::Shell(ShellKind::Bash | ShellKind::Zsh) => true,
            Language::Shell(ShellKind::Default) | Language::None => {
                front_matter.shell.as_deref().is_none_or(names_shell)
            }
            Language::Other(word) => word == "ksh",
        }
    }

    /// The `interpreter` attribute, if it says anything.
    pub(crate) fn interpreter(&self) -> Option<&str> {
        let interpreter = self.attributes.get("interpreter")?.trim();
        (!interpreter.is_empty()).then_some(interpreter)
    }

    /// Where one part of the code stands in the document; for many parts see [`Places`].
    pub(crate) fn place(&self, range: &Range<usize>) -> Span {
        Places::new(self).of(range)
    }
}

/// Where the parts of a block's code stand in the document.
pub(crate) struct Places<'a> {
    block: &'a Block,
    /// Where each line begins in the code, and one more as if another line followed.
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(block: &'a Block) -> Self {
        let mut starts = vec![0];
        starts.extend(block.code.match_indices('\n').map(|(at, _)| at + 1));
        starts.push(block.code.len() + 1);
        Self { block, starts }
    }

    /// The opening fence if the place is not known.
    pub(crate) fn of(&self, range: &Range<usize>) -> Span {
        match (self.position(range.start), self.position(range.end)) {
            (Some(start), Some(end)) => Span::new(start, end),
            _ => self.block.opening,
        }
    }

    fn position(&self, offset: usize) -> Option<usize> {
        let number = self
            .starts
            .partition_point(|start| *start <= offset)
            .checked_sub(1)?;
        let start = self.starts[number];
        let length = self.starts.get(number + 1)? - 1 - start;
        let span = self.block.code_lines.get(number)?;
        // Blanks in front that stand for a part of a tab are not in the document.
        let made_up = length.saturating_sub(span.end() - span.start());
        let column = (offset - start).saturating_sub(made_up);
        Some((span.start() + column).min(span.end()))
    }
}

fn names_shell(program: &str) -> bool {
    let program = program.split_whitespace().next().unwrap_or_default();
    SHELLS.contains(&program.rsplit('/').next().unwrap_or(program))
}
