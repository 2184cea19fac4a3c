//! Variables that do not reach the block that reads them.

use std::collections::{HashMap, HashSet};

use super::Reader;
use crate::{Diagnostic, SessionKind, script::assignments, shell_block::Places};

/// Set by the system or the shell, whatever a block does.
const ALWAYS_SET: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "PWD",
    "OLDPWD",
    "SHELL",
    "TERM",
    "TMPDIR",
    "LANG",
    "HOSTNAME",
    "IFS",
    "RANDOM",
    "SECONDS",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "BASHPID",
    "UID",
    "EUID",
    "PPID",
    "LINENO",
    "REPLY",
    "BASH_VERSION",
    "COMPOSE_FILE",
    "COMPOSE_PROJECT_NAME",
    "DOCKER_HOST",
    "CI",
    "EDITOR",
];

pub(super) fn check(reader: &Reader<'_>) -> Vec<Diagnostic> {
    let defaults = &reader.runbook.front_matter.labctl;
    if defaults.session == SessionKind::Shared {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut set_on_line: HashMap<String, usize> = HashMap::new();
    let mut exported: HashSet<String> = defaults.env.keys().cloned().collect();
    exported.extend(ALWAYS_SET.iter().map(|name| (*name).to_owned()));
    for (block, script) in reader.shell_blocks() {
        let places = Places::new(block);
        let own = assignments(script);
        let mut known: HashSet<&str> = own
            .iter()
            .map(|assignment| assignment.name.as_str())
            .collect();
        known.extend(
            script
                .variables
                .iter()
                .filter(|used| used.has_default)
                .map(|used| used.name.as_str()),
        );
        for used in &script.variables {
            let Some(line) = set_on_line
                .get(&used.name)
                .filter(|_| !exported.contains(&used.name))
            else {
                continue;
            };
            if known.insert(&used.name) {
                let message = format!(
                    "`{}` is empty here: the block on line {line} sets it, but does not export it",
                    used.name
                );
                found.push(
                    Diagnostic::warning("not-exported", places.of(&used.range), message).with_help(
                        format!(
                            "write `export {}=…` there, or `session: shared` under `labctl:`",
                            used.name
                        ),
                    ),
                );
            }
        }
        for assignment in own {
            if assignment.is_exported {
                exported.insert(assignment.name);
            } else {
                set_on_line.insert(assignment.name, block.line);
            }
        }
    }
    found
}
