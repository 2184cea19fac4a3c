//! From a block to what a shell is asked to run.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use labctl_runbook::{Action, Block, Language, SessionKind, ShellKind, Step};

use crate::{Invocation, LabRun, Program};

/// How long an endless block is watched.
const ENDLESS: Duration = Duration::from_secs(5);

/// Language words, the file suffix, and the interpreters that will do, in order of preference (Runme's table).
const INTERPRETERS: &[(&[&str], &str, &[&str])] = &[
    (&["js", "javascript", "jsx"], ".js", &["node"]),
    (
        &["ts", "tsx", "typescript"],
        ".ts",
        &["ts-node", "deno run", "bun run"],
    ),
    (&["py", "python"], ".py", &["python3", "python"]),
    (&["rb", "ruby"], ".rb", &["ruby"]),
    (&["rs", "rust"], ".rs", &["rust-script"]),
    (&["lua"], ".lua", &["lua"]),
    (&["perl"], ".pl", &["perl"]),
    (&["php"], ".php", &["php"]),
    (
        &["clojure", "clj", "cljs", "bb", "babashka"],
        ".clj",
        &["bb"],
    ),
    (&["ksh"], ".ksh", &["ksh"]),
    (&["fish"], ".fish", &["fish"]),
    (&["powershell", "pwsh"], ".ps1", &["pwsh"]),
    (&["go"], ".go", &["go run"]),
];

/// What is to be run for this step. `is_interactive`: at a terminal.
pub(super) fn invocation(
    run: &LabRun<'_>,
    step: &Step,
    block: &Block,
    is_interactive: bool,
) -> Invocation {
    Invocation {
        block: block.name.clone(),
        program: program(run, block),
        code: block.code.clone(),
        cwd: folder(
            &run.lab.folder,
            block.attributes.get("cwd").map(String::as_str),
        ),
        env: run.lab.env.clone(),
        deadline: step.deadline,
        // At a terminal a person sees it and says when it is enough.
        endless: (matches!(step.action, Action::RunEndless { .. }) && !is_interactive)
            .then_some(ENDLESS),
        is_interactive,
        shares_state: run.runbook.front_matter.labctl.session == SessionKind::Shared,
    }
}

/// The next link of the chain of working folders; one that is no folder is left out.
pub(super) fn folder(base: &Path, link: Option<&str>) -> PathBuf {
    link.map(|link| base.join(link))
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(|| base.to_path_buf())
}

fn program(run: &LabRun<'_>, block: &Block) -> Program {
    let interpreter = block
        .attributes
        .get("interpreter")
        .map(|line| words(line))
        .filter(|words| !words.is_empty());
    match (&block.language, interpreter) {
        (Language::None | Language::Shell(_), Some(command)) => Program::Shell(command),
        (Language::Shell(ShellKind::Bash), None) => Program::Shell(words("bash")),
        (Language::Shell(ShellKind::Zsh), None) => Program::Shell(words("zsh")),
        (Language::Shell(ShellKind::Default) | Language::None, None) => Program::Shell(words(
            run.runbook.front_matter.shell.as_deref().unwrap_or("bash"),
        )),
        (Language::Other(word), Some(command)) => {
            let suffix = known(word).map_or(String::new(), |(_, suffix, _)| (*suffix).to_owned());
            Program::Interpreter { command, suffix }
        }
        (Language::Other(word), None) => {
            known(word).map_or(Program::Print, |(_, suffix, candidates)| {
                Program::Interpreter {
                    command: first_available(run, candidates),
                    suffix: (*suffix).to_owned(),
                }
            })
        }
    }
}

fn known(
    word: &str,
) -> Option<&'static (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
)> {
    INTERPRETERS
        .iter()
        .find(|(names, _, _)| names.contains(&word))
}

/// The first one that is there, else the first: starting it then says what is missing.
fn first_available(run: &LabRun<'_>, candidates: &[&str]) -> Vec<OsString> {
    let is_there = |line: &&&str| {
        line.split(' ')
            .next()
            .is_some_and(|name| run.search_path.find(name).is_some())
    };
    words(
        candidates
            .iter()
            .find(is_there)
            .or(candidates.first())
            .copied()
            .unwrap_or_default(),
    )
}

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}
