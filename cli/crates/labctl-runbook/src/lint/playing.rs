//! Blocks that `verify` does not simply run.

use super::Reader;
use crate::{
    Block, ComposeNames, Diagnostic,
    classify::{endless, harmful, interactive, made_by},
    script::{Command, Script, option_is_set},
};

pub(super) fn check(reader: &Reader<'_>, compose: &ComposeNames) -> Vec<Diagnostic> {
    let mut own = compose.clone();
    for script in reader.scripts.iter().flatten() {
        made_by(script, &mut own);
    }
    let mut found = Vec::new();
    for (block, script) in reader.shell_blocks() {
        if block.expectations.skip.is_some() {
            continue;
        }
        found.extend(never_ends(block, script));
        found.extend(waits_for_a_person(block, script));
        found.extend(destroys(block, script, &own));
        found.extend(
            script
                .commands
                .iter()
                .find_map(|command| removes_variable(block, command)),
        );
    }
    found
}

fn never_ends(block: &Block, script: &Script) -> Option<Diagnostic> {
    if block.expectations.until.is_some() || block.is_background() {
        return None;
    }
    let finding = endless(&block.code, script)?;
    let message = format!(
        "`{}` never ends by itself: verify stops it after five seconds of output",
        finding.command
    );
    Some(
        Diagnostic::warning("never-ends", block.place(&finding.range), message)
            .with_help("say what to wait for, as in `until stdout contains \"ready\"`"),
    )
}

fn waits_for_a_person(block: &Block, script: &Script) -> Option<Diagnostic> {
    let finding = interactive(&block.code, script)?;
    let message = format!(
        "`{}` waits for a person: verify skips this block",
        finding.command
    );
    Some(
        Diagnostic::warning("interactive", block.place(&finding.range), message)
            .with_help("give it a command or its input, or say `skip \"why\"`"),
    )
}

fn destroys(block: &Block, script: &Script, own: &ComposeNames) -> Option<Diagnostic> {
    let finding = harmful(&block.code, script, own)?;
    let message = format!(
        "`{}` would harm more than this lab: verify skips this block unless --allow-destructive",
        finding.command
    );
    Some(
        Diagnostic::warning("destructive", block.place(&finding.range), message).with_help(
            "`docker compose down -v --remove-orphans` takes away what is the lab's own",
        ),
    )
}

/// `rm -rf "$X/"`, which is `rm -rf /` when X is not set.
fn removes_variable(block: &Block, command: &Command) -> Option<Diagnostic> {
    let words = command.arguments();
    let is_recursive =
        option_is_set(words, "recursive", Some('r')) || option_is_set(words, "", Some('R'));
    if command.program_name() != Some("rm") || !is_recursive {
        return None;
    }
    let word = words.iter().find(|word| {
        let path = word.text.trim_end_matches('*');
        let name = path
            .strip_suffix('/')
            .and_then(|path| path.strip_prefix('$'))
            .unwrap_or_default();
        let name = name
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
            .unwrap_or(name);
        !name.is_empty()
            && name != "HOME"
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })?;
    let message = format!("`{}` is `/` when the variable is not set", word.text);
    Some(
        Diagnostic::warning("removes-variable", block.place(&word.range), message)
            .with_help("write `${NAME:?}`, which stops the block instead"),
    )
}
