//! Blocks chosen by name or tag.

use std::fmt::Write as _;

use crate::Runbook;

/// Which blocks `run` plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These, in this order; each name must match exactly one block.
    Named(Vec<String>),
    /// Every block that is not `excludeFromRunAll`.
    All,
    /// Those with one of these tags, by Runme's rule: where the document has the tag, blocks without tags count and
    /// blocks with tags only if they share one with the document; else blocks that have the tag themselves.
    Tagged(Vec<String>),
}

/// A block that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Index into `Runbook::blocks`.
    pub block: usize,
    /// The line of its opening fence, from 1.
    pub line: usize,
}

/// Why no plan can be made of a selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Nothing was asked for.
    #[error("no block named: say which to run, or --all")]
    NothingNamed,
    /// No block has that name.
    #[error("no block named `{name}`{}", did_you_mean(nearest))]
    UnknownBlock {
        /// The name asked for.
        name: String,
        /// Blocks with a name like it, the nearest first.
        nearest: Vec<Candidate>,
    },
    /// Several blocks have that name.
    #[error("`{name}` names {} blocks: {}", candidates.len(), lines(candidates))]
    AmbiguousBlock {
        /// The name asked for.
        name: String,
        /// All of them, in document order.
        candidates: Vec<Candidate>,
    },
    /// No block has such a tag.
    #[error("no block has the tag {}", quoted(tags))]
    NothingTagged {
        /// The tags asked for.
        tags: Vec<String>,
    },
    /// The last block asked for comes before the first.
    #[error("`{until}` comes before `{from}`")]
    EndsBeforeItBegins {
        /// The first block.
        from: String,
        /// The last block.
        until: String,
    },
    /// The runbook has no block that `--all` would run.
    #[error("no block to run")]
    NoBlocks,
}

fn did_you_mean(nearest: &[Candidate]) -> String {
    let names: Vec<String> = nearest
        .iter()
        .map(|candidate| format!("`{}` (line {})", candidate.name, candidate.line))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", names.join(" or "))
    }
}

fn lines(candidates: &[Candidate]) -> String {
    let mut text = String::new();
    for candidate in candidates {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}line {}", candidate.line);
    }
    text
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

/// The blocks that a selection means, as indices in the order they are played.
pub(super) fn resolve(runbook: &Runbook, selection: &Selection) -> Result<Vec<usize>, SelectError> {
    let all = || {
        (0..runbook.blocks.len()).filter(|&index| !runbook.blocks[index].is_excluded_from_run_all())
    };
    match selection {
        Selection::Named(names) if names.is_empty() => Err(SelectError::NothingNamed),
        Selection::Named(names) => names.iter().map(|name| find(runbook, name)).collect(),
        Selection::All => {
            let blocks: Vec<usize> = all().collect();
            if blocks.is_empty() {
                return Err(SelectError::NoBlocks);
            }
            Ok(blocks)
        }
        Selection::Tagged(tags) => {
            let document = &runbook.front_matter.tags;
            let blocks: Vec<usize> = all()
                .filter(|&index| {
                    is_tagged(
                        &runbook.blocks[index].tags().collect::<Vec<_>>(),
                        document,
                        tags,
                    )
                })
                .collect();
            if blocks.is_empty() {
                return Err(SelectError::NothingTagged { tags: tags.clone() });
            }
            Ok(blocks)
        }
    }
}

impl Runbook {
    /// The one block of that name, as an index into `blocks`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn find(&self, name: &str) -> Result<usize, SelectError> {
        find(self, name)
    }
}

/// The one block of that name.
pub(super) fn find(runbook: &Runbook, name: &str) -> Result<usize, SelectError> {
    let candidates: Vec<Candidate> = candidates(runbook)
        .filter(|candidate| candidate.name == name)
        .collect();
    match candidates.as_slice() {
        [] => Err(SelectError::UnknownBlock {
            name: name.to_owned(),
            nearest: nearest(runbook, name),
        }),
        [only] => Ok(only.block),
        _ => Err(SelectError::AmbiguousBlock {
            name: name.to_owned(),
            candidates,
        }),
    }
}

fn candidates(runbook: &Runbook) -> impl Iterator<Item = Candidate> {
    runbook
        .blocks
        .iter()
        .enumerate()
        .map(|(index, block)| Candidate {
            name: block.name.clone(),
            block: index,
            line: block.line,
        })
}

/// At most three blocks whose name is like the given one.
fn nearest(runbook: &Runbook, name: &str) -> Vec<Candidate> {
    let wanted = name.to_lowercase();
    let mut scored: Vec<(usize, Candidate)> = candidates(runbook)
        .filter_map(|candidate| {
            let has = candidate.name.to_lowercase();
            let distance = strsim::osa_distance(&wanted, &has);
            let is_part = wanted.len() >= 3
                && (has.contains(&wanted) || wanted.contains(&has) && has.len() >= 3);
            let is_near = distance <= 1 + wanted.chars().count() / 4;
            (is_near || is_part).then_some((distance, candidate))
        })
        .collect();
    scored.sort_by_key(|(distance, candidate)| (*distance, candidate.block));
    scored
        .into_iter()
        .take(3)
        .map(|(_, candidate)| candidate)
        .collect()
}

pub(super) fn is_tagged(own: &[&str], document: &[String], wanted: &[String]) -> bool {
    let is_wanted = |tag: &str| wanted.iter().any(|wanted| wanted == tag);
    if document.iter().any(|tag| is_wanted(tag)) {
        own.is_empty() || own.iter().any(|tag| document.iter().any(|of| of == tag))
    } else {
        own.iter().any(|tag| is_wanted(tag))
    }
}
