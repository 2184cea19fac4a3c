//! The programs that blocks need.

use std::collections::BTreeSet;

use crate::{
    Block, Runbook, Span,
    script::{Command, Script, Word},
    shell_block::Places,
};

/// A program that a block calls by its plain name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededCommand {
    /// The program, such as `jq`.
    pub name: String,
    /// The first block that calls it: an index into `Runbook::blocks`.
    pub block: usize,
    /// Where it stands in the document.
    pub span: Span,
}

/// The programs that the given blocks call on this machine, each once, with the place it is first called at.
///
/// Never a name in doubt: builtins, functions, paths and names that are not written out are left out, so is what the
/// runbook tests for (`command -v x`), installs itself, or can do without (left of `||`, in a condition); and all that
/// follows a block that changes `PATH`. Blocks in other languages than a shell's count for nothing.
pub fn commands_needed(runbook: &Runbook, blocks: &[usize]) -> Vec<NeededCommand> {
    let mut found: Vec<NeededCommand> = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for &index in blocks {
        let Some(block) = runbook.blocks.get(index) else {
            continue;
        };
        let Some(script) = block.script(&runbook.front_matter) else {
            continue;
        };
        let places = Places::new(block);
        let changes_path = script.commands.iter().any(sets_path);
        known.extend(script.functions.iter().cloned());
        known.extend(script.commands.iter().flat_map(provided));
        if changes_path {
            break;
        }
        for command in script.commands.iter().filter(|command| !command.is_guarded) {
            for word in called(command) {
                if is_plain(&word.text) && known.insert(word.text.clone()) {
                    found.push(NeededCommand {
                        name: word.text.clone(),
                        block: index,
                        span: places.of(&word.range),
                    });
                }
            }
        }
    }
    found
}

/// The wrappers and the program itself.
fn called(command: &Command) -> impl Iterator<Item = &Word> {
    let (wrappers, program) = command
        .words
        .split_at(command.program.min(command.words.len()));
    let looks_up_other_things = wrappers.iter().any(|word| word.text == "builtin");
    wrappers
        .first()
        .into_iter()
        .chain(program.first())
        .filter(move |word| word.is_literal() && !looks_up_other_things)
}

fn is_plain(name: &str) -> bool {
    let is_word = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    is_word
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !BUILTINS.contains(&name)
}

/// What is tested for, installed or defined by a command.
fn provided(command: &Command) -> Vec<String> {
    let words = &command.words;
    let tests = |word: &Word| matches!(word.text.as_str(), "which" | "type" | "hash");
    let is_test = words.first().is_some_and(tests)
        || (words.first().is_some_and(|word| word.text == "command")
            && words.get(1).is_some_and(|word| word.text.starts_with('-')));
    let installs = words.iter().any(|word| {
        matches!(
            word.text.as_str(),
            "install" | "add" | "get" | "-o" | "alias" | "-i" | "cp" | "ln"
        )
    });
    if is_test || installs {
        words
            .iter()
            .skip(1)
            .map(|word| {
                let text = word.text.rsplit('/').next().unwrap_or_default();
                text.split(['=', '@']).next().unwrap_or_default().to_owned()
            })
            .collect()
    } else {
        Vec::new()
    }
}

fn sets_path(command: &Command) -> bool {
    let in_words = command.words.iter().take(4);
    let sets = command
        .assignments
        .iter()
        .chain(in_words)
        .any(|word| word.assigned_name() == Some("PATH"));
    sets || matches!(command.name(), Some("source" | "." | "eval"))
}

/// What bash does itself, and `which`, which only asks.
const BUILTINS: &[&str] = &[
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "which",
    "while",
];

impl Block {
    /// Its code read as shell code; `None` if no shell runs it.
    pub(crate) fn script(&self, front_matter: &crate::FrontMatter) -> Option<Script> {
        self.is_shell(front_matter).then(|| Script::new(&self.code))
    }
}
