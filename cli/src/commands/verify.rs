//! `labctl verify [LAB|PATH…]`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use labctl_engine::{
    Event, LabReport, LabRun, MissingTool, ProcessShell, Reporter, RunReport, SnapshotFolder,
    missing_tools, verify_lab,
};
use labctl_runbook::{LineIndex, Plan, VerifyOptions};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Global, Partition, ReportFile, ReportFormat, VerifyArgs},
    document::Document,
    environment::{Environment, secrets},
    error::CliError,
    interrupt,
    library::{LabPath, Library},
    output,
    report::{json, junit, progress::Progress, table},
    scene::Scene,
};

/// Plays and judges every block of every lab. The exit code is the verdict.
pub(crate) async fn verify(
    library: &Library,
    environment: &Environment,
    args: &VerifyArgs,
    global: Global,
) -> Result<ExitCode, CliError> {
    let labs = part(library.resolve_all(&args.labs)?, args.partition);
    if labs.is_empty() {
        return Err(CliError::Errored(
            "this part has no lab: there are fewer labs than parts".to_owned(),
        ));
    }
    // Every page is read before anything is started: a wrong one stops here, and all of them are shown.
    let mut wrong = None;
    let mut documents = Vec::new();
    for lab in labs {
        match Document::load_to_run(lab, global.quiet) {
            Ok(document) => documents.push(document),
            Err(error @ CliError::WrongRunbook { .. }) => drop(wrong.get_or_insert(error)),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = wrong {
        return Err(error);
    }
    let cancel = interrupt::token().map_err(CliError::Start)?;
    let mut progress = Progress::new(global);
    let mut run = RunReport::default();
    for document in documents {
        if cancel.is_cancelled() {
            break;
        }
        let env = document.runbook.front_matter.labctl.env.clone();
        let scene = Scene::set(document, args.cwd.cwd.as_deref(), env).await?;
        let options = VerifyOptions {
            allow_destructive: args.limits.allow_destructive,
            on_demand: args.on_demand,
            timeout: args.limits.timeout,
        };
        let plan = Plan::for_verify(&scene.document.runbook, &scene.facts, &options);
        if args.dry_run {
            output::text(&format!(
                "{}\n{}",
                scene.document.lab.name,
                plan.explain(&scene.document.runbook)
            ));
            continue;
        }
        let report = Turn {
            library,
            environment,
            args,
            plan: &plan,
        }
        .play(scene, &mut progress, &cancel)
        .await?;
        run.labs.push(report);
    }
    if args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    run.is_interrupted = cancel.is_cancelled();
    progress.handle(&Event::RunFinished { run: &run });
    output::text(&table::table(&run));
    write_reports(&run, &args.report)?;
    Ok(ExitCode::from(run.exit_code()))
}

/// One lab's turn.
struct Turn<'a> {
    library: &'a Library,
    environment: &'a Environment,
    args: &'a VerifyArgs,
    plan: &'a Plan,
}

impl Turn<'_> {
    async fn play(
        &self,
        mut scene: Scene,
        progress: &mut Progress,
        cancel: &CancellationToken,
    ) -> Result<LabReport, CliError> {
        let missing = missing_tools(
            self.plan,
            &scene.document.runbook,
            &self.environment.search_path,
        );
        if !missing.is_empty() {
            return Err(missing_error(&scene.document, &missing));
        }
        let mut runtime = scene.runtime(self.plan, self.environment)?;
        let lab = &scene.document.lab;
        let run = LabRun {
            lab: scene.lab.clone(),
            path: lab.runbook.clone(),
            runbook: &scene.document.runbook,
            plan: self.plan,
            brings_up: scene.brings_up(),
            keeps_failed: self.args.keep,
            deadline: self.args.lab_timeout,
            snapshots: snapshots(self.library, self.environment, lab),
            search_path: self.environment.search_path.clone(),
            secrets: secrets(scene.lab.env.iter()),
        };
        let mut shell = ProcessShell::new([]).map_err(CliError::Start)?;
        Ok(Box::pin(verify_lab(
            &run,
            &mut shell,
            runtime.as_mut(),
            progress,
            cancel,
        ))
        .await)
    }
}

/// Where a lab's accepted outputs are; for a foreign runbook only if somebody has made the folder.
pub(super) fn snapshots(
    library: &Library,
    environment: &Environment,
    lab: &LabPath,
) -> Option<SnapshotFolder> {
    let path = library.snapshots(lab);
    if !lab.is_ours && !path.is_dir() {
        return None;
    }
    let root = library.root().unwrap_or(Path::new(""));
    let source = lab.runbook.strip_prefix(root).unwrap_or(&lab.runbook);
    Some(SnapshotFolder {
        path,
        source: source.display().to_string(),
        is_read_only: environment.is_ci,
    })
}

/// The K-th of N: every N-th lab, so that neighbours, which are alike, are spread.
fn part(labs: Vec<LabPath>, partition: Option<Partition>) -> Vec<LabPath> {
    let Some(Partition { part, parts }) = partition else {
        return labs;
    };
    labs.into_iter().skip(part - 1).step_by(parts).collect()
}

fn missing_error(document: &Document, missing: &[MissingTool]) -> CliError {
    let lines = LineIndex::new(&document.source);
    let told: Vec<_> = missing
        .iter()
        .map(|tool| {
            let line = lines.line(tool.command.span.start());
            let help = tool
                .help
                .as_ref()
                .map(|help| format!(" ({help})"))
                .unwrap_or_default();
            format!(
                "`{}`, used at {}:{line}{help}",
                tool.command.name,
                document.lab.runbook.display()
            )
        })
        .collect();
    CliError::Errored(format!(
        "not on this machine: {}; nothing was started",
        told.join("; ")
    ))
}

fn write_reports(run: &RunReport, reports: &[ReportFile]) -> Result<(), CliError> {
    let mut failed = None;
    for ReportFile { format, path } in reports {
        let text = match format {
            ReportFormat::Json => json::json_report(run),
            ReportFormat::Junit => junit::junit_report(run),
        };
        // One that cannot be written must not lose the others.
        if let Err(source) = fs::write(path, text) {
            failed.get_or_insert(CliError::Write {
                path: PathBuf::from(path),
                source,
            });
        }
    }
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_together_are_all_labs_once() {
        let lab = |n: usize| LabPath {
            name: n.to_string(),
            runbook: PathBuf::new(),
            is_ours: true,
        };
        let all: Vec<_> = (0..7).map(lab).collect();
        let mut seen = Vec::new();
        for part_number in 1..=3 {
            seen.extend(part(
                all.clone(),
                Some(Partition {
                    part: part_number,
                    parts: 3,
                }),
            ));
        }
        seen.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(seen, all);
        assert_eq!(part(all.clone(), None), all);
    }
}
