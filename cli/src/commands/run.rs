//! `labctl run LAB BLOCK…`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{IsTerminal, stdin, stdout},
    path::Path,
    process::ExitCode,
};

use labctl_docker::find_compose_file;
use labctl_engine::{LabRun, ProcessShell, run_blocks};
use labctl_runbook::{Part, Plan, RunOptions, SelectError, Selection};

use crate::{
    args::{Global, RunArgs},
    commands::verify::snapshots,
    document::Document,
    environment::{Environment, secrets},
    error::CliError,
    interrupt,
    library::{LabPath, Library},
    output,
    report::console::Console,
    scene::{self, Scene},
};

/// Plays blocks. The exit code is the block's own.
pub(crate) async fn run(
    library: &Library,
    environment: &Environment,
    args: &RunArgs,
    global: Global,
) -> Result<ExitCode, CliError> {
    let (lab, blocks) = lab_and_blocks(library, &args.lab, args.blocks.clone())?;
    let document = Document::load_to_run(lab, true)?;
    let mut scene = Scene::set(document, args.cwd.cwd.as_deref(), BTreeMap::new()).await?;
    let selection = if args.all {
        Selection::All
    } else if args.tag.is_empty() {
        Selection::Named(blocks)
    } else {
        Selection::Tagged(args.tag.clone())
    };
    let options = RunOptions {
        allow_destructive: args.limits.allow_destructive,
        timeout: args.limits.timeout,
    };
    let plan = Plan::for_run(&scene.document.runbook, &selection, &scene.facts, &options)
        .map_err(|error| selection_error(&error, &scene.document))?;
    if args.dry_run {
        output::text(&plan.explain(&scene.document.runbook));
        return Ok(ExitCode::SUCCESS);
    }
    if args.up {
        if let Some(error) = scene.compose_error.take() {
            return Err(error.into());
        }
        for note in scene::runtime(environment).up(&scene.lab).await? {
            output::say(&note);
        }
    } else {
        say_if_down(&scene, &plan, environment).await;
    }
    let cancel = interrupt::token().map_err(CliError::Start)?;
    let run = LabRun {
        lab: scene.lab.clone(),
        path: scene.document.lab.runbook.clone(),
        runbook: &scene.document.runbook,
        plan: &plan,
        brings_up: false,
        keeps_failed: false,
        fails_fast: false,
        deadline: LabRun::DEADLINE,
        snapshots: snapshots(library, environment, &scene.document.lab).map(|mut folder| {
            folder.is_read_only = true;
            folder
        }),
        search_path: environment.search_path.clone(),
        secrets: secrets(scene.lab.env.iter()),
        traces: None,
    };
    let mut shell = ProcessShell::new([]).map_err(CliError::Start)?;
    let is_interactive = stdin().is_terminal() && stdout().is_terminal();
    let mut console = Console::new(global, &scene.document.lab.runbook, plan.steps.len());
    let played = Box::pin(run_blocks(
        &run,
        &mut shell,
        is_interactive,
        &mut console,
        &cancel,
    ))
    .await;
    Ok(ExitCode::from(played.exit_code))
}

/// `LAB BLOCK…`, or `LAB/BLOCK` in one word where that is no file.
pub(super) fn lab_and_blocks(
    library: &Library,
    typed: &str,
    blocks: Vec<String>,
) -> Result<(LabPath, Vec<String>), CliError> {
    if !Path::new(typed).exists()
        && blocks.is_empty()
        && let Some((lab, block)) = typed.split_once('/')
        && let Ok(lab) = library.resolve(lab)
    {
        return Ok((lab, vec![block.to_owned()]));
    }
    Ok((library.resolve(typed)?, blocks))
}

/// The message with every candidate's place, so that a person can go there.
pub(super) fn selection_error(error: &SelectError, document: &Document) -> CliError {
    let candidates = match error {
        SelectError::UnknownBlock { nearest, .. } => nearest.as_slice(),
        SelectError::AmbiguousBlock { candidates, .. } => candidates,
        _ => &[],
    };
    let path = document.lab.runbook.display();
    let mut message = error.to_string();
    for candidate in candidates {
        let _ = write!(message, "\n  {path}:{}: {}", candidate.line, candidate.name);
    }
    if candidates.is_empty() {
        let _ = write!(message, "; `labctl list {}` shows them", document.lab.name);
    }
    CliError::Selection(message)
}

/// A block played against services that are not there fails in a way that says nothing: this does.
async fn say_if_down(scene: &Scene, plan: &Plan, environment: &Environment) {
    let is_ordinary = plan.steps.iter().all(|step| step.part == Part::Ordinary);
    if !is_ordinary || !scene.brings_up() || find_compose_file(&scene.lab.folder).is_none() {
        return;
    }
    let Ok(services) = scene::runtime(environment).status(&scene.lab).await else {
        return;
    };
    if services.iter().all(|service| service.container.is_none()) {
        let lab = &scene.lab.name;
        output::say(&format!(
            "lab {lab} is down; `labctl up {lab}` brings it up, or `--up` here"
        ));
    }
}
