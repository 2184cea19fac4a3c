//! Text in code that runs otherwise than it reads.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::Reader;
use crate::{
    Block, Diagnostic,
    script::{Command, Script, Word},
    shell_block::Places,
};

/// More in one block are no news.
const MOST_PLACEHOLDERS: usize = 100;
/// Up to this many seconds a pause is no wait.
const PAUSE_SECONDS: f64 = 1.0;

pub(super) fn check(reader: &Reader<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = reader
        .runbook
        .blocks
        .iter()
        .flat_map(leading_dollars)
        .collect();
    for (block, script) in reader.shell_blocks() {
        let places = Places::new(block);
        found.extend(
            script
                .commands
                .iter()
                .filter_map(|command| waits_for_time(&places, command)),
        );
        found.extend(
            script
                .commands
                .iter()
                .filter_map(|command| unquoted_message(&places, command)),
        );
        found.extend(placeholders(block, &places, script));
    }
    found
}

/// A line that begins with `$` and no space after it: Runme takes the `$` away.
fn leading_dollars(block: &Block) -> Vec<Diagnostic> {
    let places = Places::new(block);
    let mut position = 0;
    let mut found = Vec::new();
    for line in block.code.split('\n') {
        let dollars = line.len() - line.trim_start_matches('$').len();
        if dollars > 0 && !line[dollars..].starts_with(' ') && dollars < line.len() {
            let place = places.of(&(position..position + dollars));
            let shown: String = line[dollars..].chars().take(30).collect();
            let message = format!("Runme takes the `$` away and runs `{shown}`");
            found.push(
                Diagnostic::warning("leading-dollar", place, message)
                    .with_help("put something before it, or quote it"),
            );
        }
        position += line.len() + 1;
    }
    found
}

/// `sleep 15` outside a loop.
fn waits_for_time(places: &Places<'_>, command: &Command) -> Option<Diagnostic> {
    let is_plain_wait =
        command.program_name() == Some("sleep") && !command.is_in_loop && !command.is_background;
    let word = command
        .arguments()
        .first()
        .filter(|word| is_plain_wait && word.is_literal())?;
    let (number, unit) = match word.text.char_indices().next_back()? {
        (at, 's') => (&word.text[..at], 1.0),
        (at, 'm') => (&word.text[..at], 60.0),
        (at, 'h') => (&word.text[..at], 3600.0),
        _ => (word.text.as_str(), 1.0),
    };
    let seconds = number.parse::<f64>().ok()? * unit;
    if !seconds.is_finite() || seconds <= PAUSE_SECONDS {
        return None;
    }
    let message = format!(
        "`sleep {}` waits for time, not for what is to happen",
        word.text
    );
    Some(
        Diagnostic::warning("waits-for-time", places.of(&command.range()), message)
            .with_help("ask until it holds: `until curl -sf …; do sleep 1; done`, `docker compose up --wait`, or `retry`"),
    )
}

/// `export X=Enter a value`: a message for Runme's prompt, three names for the shell.
fn unquoted_message(places: &Places<'_>, command: &Command) -> Option<Diagnostic> {
    if command.name() != Some("export") {
        return None;
    }
    let [first, rest @ ..] = command.arguments() else {
        return None;
    };
    let is_text = |word: &Word| {
        let is_name = word
            .text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        word.assigns.is_none() && !word.has_expansion && !is_name
    };
    let is_message = first.assigns.is_some() && !first.is_quoted && !first.has_expansion;
    let last = rest
        .last()
        .filter(|_| is_message && rest.iter().all(is_text))?;
    let name = first.assigned_name()?;
    let message = format!("where nobody is asked, the shell sets `{name}` to the first word only");
    Some(
        Diagnostic::warning(
            "unquoted-message",
            places.of(&(first.range.start..last.range.end)),
            message,
        )
        .with_help(format!("write `export {name}=\"…\"`")),
    )
}

/// `<paste-id-here>`, `<ITEM_ID>`.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"<(?:[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*|(?:[a-zA-Z0-9]+[-_ ])*(?i:paste|your|insert|replace|here|todo|id|name|token|password|key|host)(?:[-_ ][a-zA-Z0-9]+)*)>",
    )
    .expect("the pattern is a constant that tests use")
});

fn placeholders(block: &Block, places: &Places<'_>, script: &Script) -> Vec<Diagnostic> {
    let code = block.code.as_str();
    PLACEHOLDER
        .find_iter(code)
        .take(MOST_PLACEHOLDERS)
        .filter(|found| is_to_be_replaced(code, script, &found.range()))
        .map(|found| {
            let message = format!("`{}` is still to be replaced", found.as_str());
            Diagnostic::warning("placeholder", places.of(&found.range()), message)
                .with_help("let an earlier block `export` the value")
        })
        .collect()
}

fn is_to_be_replaced(code: &str, script: &Script, range: &Range<usize>) -> bool {
    let (before, after) = (&code[..range.start], &code[range.end..]);
    let line = before.rsplit('\n').next().unwrap_or_default();
    if before.ends_with('<')
        || after.starts_with(char::is_alphanumeric)
        || line.trim_start().starts_with('#')
        || line.contains(" #")
    {
        return false;
    }
    let holds = |word: &&Word| word.range.start <= range.start && range.end <= word.range.end;
    let holder = script.commands.iter().find(|command| {
        command
            .words
            .iter()
            .chain(&command.assignments)
            .any(|word| holds(&word))
    });
    match holder {
        // Text to be shown, or markup in data.
        Some(command) => {
            let is_shown = matches!(
                command.program_name(),
                Some("echo" | "printf" | "cat" | "grep" | "sed" | "awk")
            );
            !is_shown && !after.contains("</")
        }
        // Outside every word it is two redirections, or a line of a here-document.
        None => !before.contains("<<"),
    }
}
