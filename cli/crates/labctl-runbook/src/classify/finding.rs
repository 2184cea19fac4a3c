//! A command that makes a block special, and where it stands.

use std::ops::Range;

use super::{
    ComposeNames, endless as endless_commands, harmful as harmful_commands,
    interactive as interactive_commands,
};
use crate::script::{Command, Script, docker_call};

/// How deep a shell in a container in a shell is followed.
const MAX_DEPTH: usize = 3;

/// A command that makes a block special.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The command in one line, as a person would name it.
    pub(crate) command: String,
    /// Where in the block's code.
    pub(crate) range: Range<usize>,
}

impl Finding {
    pub(super) fn new(code: &str, range: Range<usize>) -> Self {
        let written = code
            .get(range.clone())
            .unwrap_or_default()
            .replace("\\\n", " ");
        let mut command = written.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = command.char_indices().nth(72) {
            command.truncate(cut);
            command.push('…');
        }
        Self { command, range }
    }
}

/// The first command that never ends by itself, if nothing puts an end to it.
pub(crate) fn endless(code: &str, script: &Script) -> Option<Finding> {
    let command = script.commands.iter().find(|command| {
        any_inside(command, 0, &|inner| {
            !inner.is_background && !inner.is_bounded && endless_commands::is_endless(inner)
        })
    });
    let command = command.map(Command::range);
    let endless_loop = script.endless_loops.iter().find(|found| {
        let first = &script.commands[found.first_command];
        !first.is_background && !first.is_bounded
    });
    let endless_loop = endless_loop.map(|found| found.head.clone());
    [command, endless_loop]
        .into_iter()
        .flatten()
        .min_by_key(|range| range.start)
        .map(|range| Finding::new(code, range))
}

/// The first command that waits for a person.
pub(crate) fn interactive(code: &str, script: &Script) -> Option<Finding> {
    let command = script.commands.iter().find(|command| {
        any_inside(command, 0, &|inner| {
            !inner.is_fed && !inner.is_background && interactive_commands::is_interactive(inner)
        })
    })?;
    Some(Finding::new(code, command.range()))
}

/// The first command that harms what is not the lab's own; `own` and what the runbook makes itself.
pub(crate) fn harmful(code: &str, script: &Script, own: &ComposeNames) -> Option<Finding> {
    let command = script
        .commands
        .iter()
        .find(|command| harmful_commands::is_harmful(command, own))?;
    Some(Finding::new(code, command.range()))
}

/// Whether it holds of a command, or of one that it starts in a container.
fn any_inside(command: &Command, depth: usize, holds: &dyn Fn(&Command) -> bool) -> bool {
    if holds(command) {
        return true;
    }
    let Some(words) = docker_call(command).and_then(|call| call.inner_command()) else {
        return false;
    };
    if depth == MAX_DEPTH {
        return false;
    }
    let direct = command.starting(words.to_vec());
    let in_shell = direct.shell_code().map(Script::new).unwrap_or_default();
    any_inside(&direct, depth + 1, holds)
        || in_shell.commands.into_iter().any(|mut inner| {
            inner.is_fed |= command.is_fed;
            inner.is_background |= command.is_background;
            inner.is_bounded |= command.is_bounded || direct.is_bounded;
            any_inside(&inner, depth + 1, holds)
        })
}
