//! `labctl doctor`.

use std::{collections::BTreeMap, process::ExitCode};

use anstyle::AnsiColor;
use labctl_docker::{Check, CheckState};
use labctl_engine::missing_tools;
use labctl_runbook::Plan;

use crate::{
    document::Document,
    environment::Environment,
    error::CliError,
    library::Library,
    output,
    scene::{Scene, runtime},
};

/// Prints what was looked at. Exit code 3 if a lab cannot run here.
pub(crate) async fn doctor(
    library: &Library,
    environment: &Environment,
) -> Result<ExitCode, CliError> {
    let mut labs = Vec::new();
    let mut tools = BTreeMap::new();
    for lab in library.labs()? {
        let scene = Scene::set(Document::load(lab)?, None, BTreeMap::new()).await?;
        let runbook = &scene.document.runbook;
        let plan = Plan::for_verify(
            runbook,
            &scene.facts,
            &labctl_runbook::VerifyOptions::default(),
        );
        for tool in missing_tools(&plan, runbook, &environment.search_path) {
            tools.insert(
                tool.command.name,
                tool.help.unwrap_or_else(|| "install it".to_owned()),
            );
        }
        labs.push(scene.lab);
    }
    let mut checks = runtime(environment).doctor(&labs).await;
    if tools.is_empty() {
        let state = CheckState::Good("all there".to_owned());
        checks.push(Check {
            name: "commands that blocks use".to_owned(),
            state,
        });
    }
    checks.extend(tools.into_iter().map(|(name, help)| Check {
        name: format!("command `{name}`"),
        state: CheckState::Bad(format!("not on the search path; {help}")),
    }));
    for check in &checks {
        let (word, colour, told) = match &check.state {
            CheckState::Good(told) => ("good", AnsiColor::Green, told),
            CheckState::Doubtful(told) => ("doubtful", AnsiColor::Yellow, told),
            CheckState::Bad(told) => ("bad", AnsiColor::Red, told),
        };
        let style = colour.on_default();
        output::text(&format!(
            "{style}{word:<9}{style:#} {}: {told}\n",
            check.name
        ));
    }
    let bad = checks
        .iter()
        .filter(|check| matches!(check.state, CheckState::Bad(_)))
        .count();
    let (verdict, code) = match bad {
        0 => ("nothing stands in a lab's way".to_owned(), 0),
        1 => ("1 thing is in a lab's way".to_owned(), 3),
        _ => (format!("{bad} things are in a lab's way"), 3),
    };
    output::text(&format!("{verdict}\n"));
    Ok(ExitCode::from(code))
}
