//! A parsed document.

use crate::{Block, Diagnostic, FrontMatter, Severity, Span, assemble};

/// A parsed document: its blocks in order, and everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// The front matter; the default one if it is absent or could not be read (then a diagnostic says so).
    pub front_matter: FrontMatter,
    /// The blocks in document order, dropped ones (`ignore`, `mermaid`) left out.
    pub blocks: Vec<Block>,
    /// Every error and warning found while parsing, in document order. With an error in it, nothing may be run.
    pub diagnostics: Vec<Diagnostic>,
    /// Where each line starts.
    pub(crate) line_starts: Vec<usize>,
}

impl Runbook {
    /// Reads a Markdown document. Whatever is wrong with it becomes a diagnostic; blocks can be listed all the same.
    pub fn parse(source: &str) -> Self {
        assemble::runbook(source)
    }

    /// How many blocks a document has: as many as [`Runbook::parse`] finds, at a part of the cost.
    pub fn count_blocks(source: &str) -> usize {
        assemble::block_count(source)
    }

    /// Whether something is wrong that forbids to run any of it.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The line, from 1, on which this place begins.
    pub fn line_of(&self, span: Span) -> usize {
        self.line_starts
            .partition_point(|&start| start <= span.start())
    }

    /// The blocks of that name, with their index: none, one, or several where a suffixed name met an equal one.
    pub fn blocks_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a Block)> {
        self.blocks
            .iter()
            .enumerate()
            .filter(move |(_, block)| block.name == name)
    }
}
