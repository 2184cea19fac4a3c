//! Fences: names, languages, attributes.

use std::collections::HashMap;

use super::Reader;
use crate::{Block, Diagnostic, Language, Span, nearest_word};

/// Every attribute that Runme or labctl knows.
const KNOWN: &[&str] = &[
    "name",
    "background",
    "id",
    "interactive",
    "cwd",
    "interpreter",
    "excludeFromRunAll",
    "tag",
    "category",
    "promptEnv",
    "ignore",
    "transform",
    "closeTerminalOnSuccess",
    "openTerminalOnError",
    "terminalRows",
    "mimeType",
    "index",
];

/// Programs that a shell block typically begins with.
const COMMANDS: &[&str] = &[
    "docker",
    "docker-compose",
    "curl",
    "cd",
    "export",
    "kubectl",
    "npm",
    "npx",
    "cargo",
    "sudo",
    "apt",
    "apt-get",
    "brew",
    "pip",
    "pip3",
    "mkdir",
    "chmod",
    "psql",
    "redis-cli",
    "jq",
    "wget",
    "helm",
    "terraform",
    "k6",
];

pub(super) fn check(reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    for block in &reader.runbook.blocks {
        if let Some(line) = names.insert(&block.name, block.line) {
            let message = format!("the block on line {line} is called `{}` too", block.name);
            found.push(
                Diagnostic::warning("ambiguous-name", block.opening, message)
                    .with_help("a name must be unique to be asked for"),
            );
        }
        found.extend(no_language(block, reader.source));
        for key in block.attributes.keys() {
            found.extend(attribute(block, key, reader.source));
        }
    }
    found
}

/// A fence that looks like commands and names no language.
fn no_language(block: &Block, source: &str) -> Option<Diagnostic> {
    if block.language != Language::None || block.is_named || block.interpreter().is_some() {
        return None;
    }
    let mut words = block.first_command.split_whitespace();
    let is_command = COMMANDS.contains(&words.next()?) && words.next().is_some();
    let has_prompt = block
        .code_lines
        .first()
        .is_some_and(|line| source[..line.start()].ends_with("$ "));
    if !is_command && !has_prompt {
        return None;
    }
    let message =
        "this looks like commands, but its fence names no language: verify does not run it";
    Some(
        Diagnostic::warning("no-language", block.opening, message)
            .with_help("write `bash` after the opening fence"),
    )
}

fn attribute(block: &Block, key: &str, source: &str) -> Option<Diagnostic> {
    let place = key_place(block, key, source);
    if key == "skipPrompts" {
        let message = "`skipPrompts` has no effect on a block";
        return Some(
            Diagnostic::warning("no-effect", place, message)
                .with_help("it belongs into the front matter"),
        );
    }
    if key.len() < 3
        || KNOWN.contains(&key)
        || !key.starts_with(|first: char| first.is_ascii_alphabetic())
    {
        return None;
    }
    let meant = KNOWN
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(key))
        .or_else(|| nearest_word(key, KNOWN.iter().copied().filter(|known| known.len() > 4)))?;
    let message = format!("unknown attribute `{key}`");
    Some(
        Diagnostic::warning("unknown-attribute", place, message)
            .with_help(format!("did you mean `{meant}`?")),
    )
}

fn key_place(block: &Block, key: &str, source: &str) -> Span {
    let opening = block.opening.first_line(source);
    match opening.text(source).find(key) {
        Some(at) => Span::new(opening.start() + at, opening.start() + at + key.len()),
        None => opening,
    }
}
