//! The programs that the planned blocks use and this machine lacks.

use labctl_runbook::{Action, NeededCommand, Plan, Runbook, commands_needed};

use crate::SearchPath;

/// A program that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingTool {
    /// The program, and where it is first called.
    pub command: NeededCommand,
    /// The commands that install it, such as "Debian: `apt-get install jq`"; `None`: not known.
    pub help: Option<String>,
}

/// Program, package in Debian, package in Homebrew.
const PACKAGES: &[(&str, &str, &str)] = &[
    ("bc", "bc", "bc"),
    ("curl", "curl", "curl"),
    ("git", "git", "git"),
    ("hey", "hey", "hey"),
    ("jq", "jq", "jq"),
    ("k6", "k6", "k6"),
    ("lsof", "lsof", "lsof"),
    ("nc", "netcat-openbsd", "netcat"),
    ("node", "nodejs", "node"),
    ("psql", "postgresql-client", "libpq"),
    ("python3", "python3", "python"),
    ("redis-cli", "redis-tools", "redis"),
    ("watch", "procps", "watch"),
    ("wget", "wget", "wget"),
    ("wrk", "wrk", "wrk"),
];

/// The programs that the blocks to be run call and that are not on the search path, in the order first called.
pub fn missing_tools(plan: &Plan, runbook: &Runbook, search_path: &SearchPath) -> Vec<MissingTool> {
    let blocks: Vec<usize> = plan
        .steps
        .iter()
        .filter(|step| !matches!(step.action, Action::Skip(_)))
        .map(|step| step.block)
        .collect();
    commands_needed(runbook, &blocks)
        .into_iter()
        .filter(|command| search_path.find(&command.name).is_none())
        .map(|command| MissingTool {
            help: help(&command.name),
            command,
        })
        .collect()
}

fn help(name: &str) -> Option<String> {
    let (_, debian, homebrew) = PACKAGES.iter().find(|(program, _, _)| *program == name)?;
    Some(format!(
        "Debian: `apt-get install {debian}`, macOS: `brew install {homebrew}`"
    ))
}
