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

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use labctl_runbook::{LabFacts, VerifyOptions};

    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_named_with_what_installs_it() {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str, mode| {
            fs::write(folder.path().join(name), "").unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode))
                .unwrap();
        };
        program("curl", 0o755);
        program("jq", 0o644);
        let runbook =
            Runbook::parse("```bash\ncurl -s localhost | jq .\nno-such-tool --now\n```\n");
        let plan = Plan::for_verify(&runbook, &LabFacts::default(), &VerifyOptions::default());
        let missing = missing_tools(&plan, &runbook, &SearchPath::new(folder.path().as_os_str()));
        let told: Vec<_> = missing
            .iter()
            .map(|tool| (tool.command.name.as_str(), tool.help.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "jq",
                    Some("Debian: `apt-get install jq`, macOS: `brew install jq`")
                ),
                ("no-such-tool", None)
            ]
        );
    }
}
