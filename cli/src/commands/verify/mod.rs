//! `labctl verify [LAB|PATH…]`.

mod choice;
mod partition;
mod reports;
mod tools;
mod turn;

use std::{collections::HashSet, path::Path, process::ExitCode};

use labctl_engine::{Event, LabReport, Reporter as _, RunReport};

use self::partition::{Durations, durations, part};
use crate::{
    args::{Global, Partition, VerifyArgs},
    document::Document,
    environment::Environment,
    error::CliError,
    failed, interrupt,
    library::{LabPath, Library},
    output,
    report::{bundle, table},
};

pub(super) use self::{
    reports::Reporters,
    tools::check_tools,
    turn::{Manner, Turn, snapshots},
};

/// Plays and judges every block of every lab. The exit code is the verdict.
pub(crate) async fn verify(
    library: &Library,
    environment: &Environment,
    args: &VerifyArgs,
    global: Global,
) -> Result<ExitCode, CliError> {
    let documents = documents(labs(library, args)?, global)?;
    let manner = Manner::from(args);
    let mut turns = Vec::new();
    for document in documents {
        turns.push(Turn::prepare(document, environment, &manner, !args.dry_run).await?);
    }
    let mut turns = choice::choose(turns, args, environment)?;
    if args.dry_run {
        for turn in &turns {
            let document = &turn.scene.document;
            output::text(&format!(
                "{}\n{}",
                document.lab.name,
                turn.plan.explain(&document.runbook)
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    check_tools(&turns, environment)?;
    let cancel = interrupt::token().map_err(CliError::Start)?;
    let mut reporters = Reporters::new(global, &args.report);
    let mut run = RunReport::default();
    let mut watched = Vec::new();
    let mut is_over = cancel.is_cancelled();
    let mut lost = None;
    for turn in &mut turns {
        if is_over {
            break;
        }
        for _ in 0..args.repeat {
            let watch = turn.watch(args);
            let accepted = snapshots(library, environment, &turn.scene.document.lab);
            let report = turn
                .play(environment, &manner, accepted, &mut reporters, &cancel)
                .await;
            watched.push(watch.map(|watch| watch.drawn()).unwrap_or_default());
            if let Some(folder) = &args.bundle {
                bundled(folder, &turn.scene.document, &report, &mut lost);
            }
            is_over = cancel.is_cancelled() || args.fail_fast && !report.is_green();
            run.labs.push(report);
            if is_over {
                break;
            }
        }
        let lab = &turn.scene.document.lab.name;
        let reports: Vec<&LabReport> = run
            .labs
            .iter()
            .filter(|report| report.lab == *lab)
            .collect();
        if let Err(error) = failed::note(environment, lab, &reports) {
            // The verdict is what counts.
            output::say(&format!("`--failed` will not know of this run: {error}"));
        }
    }
    run.is_interrupted = cancel.is_cancelled();
    reporters.handle(&Event::RunFinished { run: &run });
    output::text(&table::table(&run));
    let labs: HashSet<_> = run.labs.iter().map(|lab| &lab.lab).collect();
    if !run.is_interrupted && labs.len() < turns.len() {
        let rest = turns.len() - labs.len();
        let labs = if rest == 1 { "lab was" } else { "labs were" };
        output::say(&format!("--fail-fast: {rest} {labs} not played"));
    }
    reporters.write(&run, &watched, &args.report)?;
    if let Some(lost) = lost {
        return Err(lost);
    }
    Ok(ExitCode::from(run.exit_code()))
}

/// Says where the bundles are; the first that could not be written is the run's error once all labs are over.
fn bundled(folder: &Path, document: &Document, report: &LabReport, lost: &mut Option<CliError>) {
    match bundle::write(folder, document, report) {
        Ok(folders) => {
            for folder in folders {
                output::say(&format!("all that is known of it: {}", folder.display()));
            }
        }
        Err((path, source)) => drop(lost.get_or_insert(CliError::Write { path, source })),
    }
}

/// The labs that are this machine's to play.
fn labs(library: &Library, args: &VerifyArgs) -> Result<Vec<LabPath>, CliError> {
    let all = library.resolve_all(&args.labs)?;
    let Some(partition) = args.partition else {
        return Ok(all);
    };
    let durations = args.durations.as_deref().map(durations).transpose()?;
    let count = all.len();
    let mine = part(all, partition, &durations.unwrap_or_else(Durations::new));
    if mine.is_empty() {
        let Partition { part, parts } = partition;
        return Err(CliError::Errored(format!(
            "--partition {part}/{parts} has no lab: there {} {count} in all",
            if count == 1 { "is" } else { "are" }
        )));
    }
    Ok(mine)
}

/// Every page is read before anything is started: a wrong one stops here, and all of them are shown.
fn documents(labs: Vec<LabPath>, global: Global) -> Result<Vec<Document>, CliError> {
    let mut wrong = None;
    let mut documents = Vec::new();
    for lab in labs {
        match Document::load_to_run(lab, global.quiet) {
            Ok(document) => documents.push(document),
            Err(error @ CliError::WrongRunbook { .. }) => drop(wrong.get_or_insert(error)),
            Err(error) => return Err(error),
        }
    }
    wrong.map_or(Ok(documents), Err)
}
