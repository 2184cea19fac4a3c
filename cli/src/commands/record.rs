//! `labctl record LAB`: what the blocks print, from several runs, as snapshots that hide what varies.

use std::{path::Path, process::ExitCode};

use labctl_engine::{
    Event, LabReport, Outcome, Recorded, Reporter as _, RunReport, SnapshotFolder,
    record as record_block,
};
use labctl_runbook::{Observation, VerifyOptions, expect::SnapshotMode};

use super::verify::{Manner, Reporters, Turn, check_tools};
use crate::{
    args::{Global, RecordArgs},
    document::Document,
    environment::Environment,
    error::CliError,
    interrupt,
    library::Library,
    output,
    report::{columns::columns, table},
};

/// Exit code 0 when all runs were green, whatever varies; else that of the run that was not.
pub(crate) async fn record(
    library: &Library,
    environment: &Environment,
    args: &RecordArgs,
    global: Global,
) -> Result<ExitCode, CliError> {
    let manner = manner(args);
    let document = Document::load_to_run(library.resolve(&args.lab)?, global.quiet)?;
    let mut turns = [Turn::prepare(document, environment, &manner, true).await?];
    check_tools(&turns, environment)?;
    for block in &mut turns[0].scene.document.runbook.blocks {
        // Nothing is compared now, and nobody need be told.
        if block.expectations.snapshot.is_on() {
            block.expectations.snapshot = SnapshotMode::Unsaid;
        }
    }
    let cancel = interrupt::token().map_err(CliError::Start)?;
    let mut reporters = Reporters::new(global, &[]);
    let mut runs = Vec::new();
    for number in 1..=args.times {
        if !global.quiet {
            output::say(&format!("run {number} of {}", args.times));
        }
        // What is accepted so far is not what is asked now.
        let report = turns[0]
            .play(environment, &manner, None, &mut reporters, &cancel)
            .await;
        let run = RunReport {
            labs: vec![report],
            is_interrupted: cancel.is_cancelled(),
        };
        reporters.handle(&Event::RunFinished { run: &run });
        if run.exit_code() != 0 {
            output::text(&table::table(&run));
            output::say("nothing was recorded: a run that is not green shows nothing to keep");
            return Ok(ExitCode::from(run.exit_code()));
        }
        runs.extend(run.labs);
    }
    let document = &turns[0].scene.document;
    let folder = folder(library, document);
    let (rows, count) = recorded(&folder, document, &runs);
    output::text(&columns(&["BLOCK", "SNAPSHOT", "HIDES"], rows.into_iter()));
    let lab = &args.lab;
    output::say(&match count {
        0 => "nothing new was recorded".to_owned(),
        1 => format!(
            "1 snapshot waits in {}; `labctl review {lab}` shows it",
            folder.path.display()
        ),
        _ => format!(
            "{count} snapshots wait in {}; `labctl review {lab}` shows them",
            folder.path.display()
        ),
    });
    if args.times == 1 {
        output::say("one run does not show what varies: `-n 3` compares three");
    }
    Ok(ExitCode::SUCCESS)
}

fn manner(args: &RecordArgs) -> Manner {
    Manner {
        cwd: args.cwd.cwd.clone(),
        options: VerifyOptions {
            allow_destructive: args.limits.allow_destructive,
            on_demand: args.on_demand,
            timeout: args.limits.timeout,
        },
        deadline: args.lab_timeout,
        keeps_failed: false,
        fails_fast: true,
    }
}

/// Where the snapshots go, whether somebody has made that folder or not: they are asked for.
fn folder(library: &Library, document: &Document) -> SnapshotFolder {
    let root = library.root().unwrap_or(Path::new(""));
    let runbook = &document.lab.runbook;
    let source = runbook.strip_prefix(root).unwrap_or(runbook);
    SnapshotFolder {
        path: library.snapshots(&document.lab),
        source: source.display().to_string(),
        is_read_only: false,
    }
}

/// A row for each block that printed something, and how many snapshots are new.
fn recorded(
    folder: &SnapshotFolder,
    document: &Document,
    runs: &[LabReport],
) -> (Vec<Vec<String>>, usize) {
    let mut rows = Vec::new();
    let mut count = 0;
    for (place, step) in runs[0].steps.iter().enumerate() {
        let in_each = runs.iter().map(|run| &run.steps[place]);
        let seen: Option<Vec<&Observation>> = in_each
            .map(|step| {
                step.observation
                    .as_ref()
                    .filter(|_| step.outcome == Outcome::Passed)
            })
            .collect();
        let block = document
            .runbook
            .blocks
            .iter()
            .find(|block| block.line == step.line);
        let (Some(seen), Some(block)) = (seen, block) else {
            continue;
        };
        let row = |word: &str, rest: String| vec![block.name.clone(), word.to_owned(), rest];
        match record_block(folder, &document.runbook, block, &seen) {
            Ok(Recorded::Nothing) => {}
            Ok(Recorded::Known) => rows.push(row("as accepted", String::new())),
            Ok(Recorded::Pending { redactions, .. }) => {
                count += 1;
                let rules: Vec<_> = redactions.iter().map(ToString::to_string).collect();
                rows.push(row("recorded", rules.join(", ")));
            }
            Ok(Recorded::Varies(difference)) => {
                let line = difference.line;
                let (first, other) = (shown(difference.first), shown(difference.other));
                let told = format!("line {line}: {first} or {other}; not recorded");
                rows.push(row("varies", told));
            }
            Err(error) => rows.push(row("not recorded", error.to_string())),
        }
    }
    (rows, count)
}

fn shown(line: Option<String>) -> String {
    const SHOWN: usize = 40;
    let Some(line) = line else {
        return "nothing".to_owned();
    };
    let mut text: String = line.trim().chars().take(SHOWN).collect();
    if text.len() < line.trim().len() {
        text.push('…');
    }
    format!("`{text}`")
}
