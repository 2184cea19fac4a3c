//! What a block does to the lab as a whole.

use super::endless::stays_in_foreground;
use crate::script::{Script, Word, docker_call, option_is_set, positional};

/// What a block does to the lab as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ComposeUse {
    /// `compose up` without service names.
    pub(crate) brings_up: bool,
    /// …and it stays in the foreground, showing logs.
    pub(crate) stays_in_foreground: bool,
    /// `compose down` of everything, and no `up` after it.
    pub(crate) takes_down: bool,
}

const UP_VALUES: &[&str] = &[
    "--scale",
    "-t",
    "--timeout",
    "--attach",
    "--exit-code-from",
    "--no-attach",
    "--pull",
    "--wait-timeout",
];
const DOWN_VALUES: &[&str] = &["-t", "--timeout", "--rmi"];

pub(crate) fn compose_use(script: &Script) -> ComposeUse {
    let mut found = ComposeUse::default();
    for command in &script.commands {
        let Some(call) = docker_call(command).filter(|call| call.is_compose) else {
            continue;
        };
        let asks_for_help = option_is_set(call.arguments, "help", None);
        match call.verb {
            _ if asks_for_help => {}
            "up" => {
                found.takes_down = false;
                if is_everything(call.arguments, UP_VALUES) {
                    found.brings_up = true;
                    found.stays_in_foreground = stays_in_foreground(call.arguments)
                        && !command.is_background
                        && !command.is_bounded;
                }
            }
            "down" => found.takes_down = is_everything(call.arguments, DOWN_VALUES),
            _ => {}
        }
    }
    found
}

fn is_everything(words: &[Word], with_value: &[&str]) -> bool {
    positional(words, with_value).is_empty()
}

/// Whether it builds or starts something, which takes longer than a block usually may.
pub(crate) fn takes_long(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        docker_call(command).is_some_and(|call| match call.verb {
            "up" | "pull" | "create" => call.is_compose || call.verb == "pull",
            "build" => true,
            "run" => option_is_set(call.arguments, "build", None),
            "buildx" | "builder" | "image" => matches!(call.sub_verb, "build" | "bake" | "pull"),
            _ => false,
        })
    })
}
