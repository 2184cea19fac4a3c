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
            Language::Other(word) => matches!(word.as_str(), "shellscript" | "ksh"),
        }
    }

    /// The `interpreter` attribute, if it says anything.
    pub(crate) fn interpreter(&self) -> Option<&str> {
        let interpreter = self.attributes.get("interpreter")?.trim();
        (!interpreter.is_empty()).then_some(interpreter)
    }

    /// Where a part of the code stands in the document; the opening fence if that is not known.
    pub(crate) fn place(&self, range: &Range<usize>) -> Span {
        match (self.position(range.start), self.position(range.end)) {
            (Some(start), Some(end)) => Span::new(start, end),
            _ => self.opening,
        }
    }

    /// Where a byte of the code stands in the document.
    fn position(&self, offset: usize) -> Option<usize> {
        let before = self.code.get(..offset)?;
        let number = before.bytes().filter(|byte| *byte == b'\n').count();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let length = self.code[start..]
            .find('\n')
            .unwrap_or(self.code.len() - start);
        let span = self.code_lines.get(number)?;
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
