//! A parsed document.

use crate::{Block, Diagnostic, FrontMatter};

/// A parsed document: its blocks in order, and everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// The front matter; the default one if it is absent or could not be read (then a diagnostic says so).
    pub front_matter: FrontMatter,
    /// The blocks in document order, dropped ones (`ignore`, `mermaid`) left out.
    pub blocks: Vec<Block>,
    /// Every error and warning found while parsing, in document order. With an error in it, nothing may be run.
    pub diagnostics: Vec<Diagnostic>,
}
