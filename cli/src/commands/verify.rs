//! `labctl verify [LAB|PATH…]`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use labctl_docker::DockerRuntime;
use labctl_engine::{
    Event, LabReport, LabRun, MissingTool, ProcessShell, Reporter, RunReport, SnapshotFolder,
    missing_tools, verify_lab,
};
use labctl_runbook::{
    LineIndex, Plan, VerifyOptions,
    expect::{asks_for_traces, unknown_services},
};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{Global, Partition, ReportFile, ReportFormat, VerifyArgs},
    document::Document,
    environment::{Environment, secrets},
    error::CliError,
    interrupt,
    library::{LabPath, Library},
    output,
    report::{html, json, junit, progress::Progress, table},
    scene::Scene,
    traces,
    watch::{DrawnPanel, Watch},
};

/// Plays and judges every block of every lab. The exit code is the verdict.
pub(crate) async fn verify(
    library: &Library,
    environment: &Environment,
    args: &VerifyArgs,
    global: Global,
) -> Result<ExitCode, CliError> {
    let all = library.resolve_all(&args.labs)?;
    let count = all.len();
    let labs = part(all, args.partition);
    if let (true, Some(Partition { part, parts })) = (labs.is_empty(), args.partition) {
        return Err(CliError::Errored(format!(
            "--partition {part}/{parts} has no lab: there {} {count} in all",
            if count == 1 { "is" } else { "are" }
        )));
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
    let mut turns = Vec::new();
    for document in documents {
        turns.push(Turn::prepare(document, environment, args).await?);
    }
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
    let mut progress = Progress::new(global);
    let mut run = RunReport::default();
    let mut watched = Vec::new();
    for turn in turns {
        if cancel.is_cancelled() {
            break;
        }
        let watch = turn.watch(args);
        let report = turn
            .play(library, environment, args, &mut progress, &cancel)
            .await;
        let drawn = watch.map(|watch| watch.drawn()).unwrap_or_default();
        watched.push((report.lab.clone(), drawn));
        run.labs.push(report);
    }
    run.is_interrupted = cancel.is_cancelled();
    progress.handle(&Event::RunFinished { run: &run });
    output::text(&table::table(&run));
    write_reports(&run, &watched, &args.report)?;
    Ok(ExitCode::from(run.exit_code()))
}

/// One lab's turn, with all that can go wrong before anything is started behind it.
struct Turn {
    scene: Scene,
    plan: Plan,
    runtime: Option<DockerRuntime>,
}

impl Turn {
    async fn prepare(
        document: Document,
        environment: &Environment,
        args: &VerifyArgs,
    ) -> Result<Self, CliError> {
        let env = document.runbook.front_matter.labctl.env.clone();
        let mut scene = Scene::set(document, args.cwd.cwd.as_deref(), env).await?;
        let wrong = unknown_services(&scene.document.runbook, &scene.facts.compose);
        scene.document.refuse(&wrong)?;
        let options = VerifyOptions {
            allow_destructive: args.limits.allow_destructive,
            on_demand: args.on_demand,
            timeout: args.limits.timeout,
        };
        let plan = Plan::for_verify(&scene.document.runbook, &scene.facts, &options);
        let runtime = if args.dry_run {
            None
        } else {
            scene.runtime(&plan, environment)?
        };
        Ok(Self {
            scene,
            plan,
            runtime,
        })
    }

    /// Watches its dashboards, if a report has pictures and the page says where its Prometheus is.
    fn watch(&self, args: &VerifyArgs) -> Option<Watch> {
        let has_pictures = args
            .report
            .iter()
            .any(|report| report.format == ReportFormat::Html);
        let prometheus = self
            .scene
            .document
            .runbook
            .front_matter
            .labctl
            .prometheus
            .clone();
        let url = prometheus.filter(|_| has_pictures)?;
        Some(Watch::start(&self.scene.lab.folder, url))
    }

    /// What keeps it from being played is in its report: the verdicts on the labs before it must not be lost.
    async fn play(
        mut self,
        library: &Library,
        environment: &Environment,
        args: &VerifyArgs,
        progress: &mut Progress,
        cancel: &CancellationToken,
    ) -> LabReport {
        let traces = if asks_for_traces(&self.scene.document.runbook) {
            let collector = self.scene.collector.as_deref();
            let has_containers = self.runtime.is_some();
            Some(traces::listen(&mut self.scene.lab, has_containers, collector).await)
        } else {
            None
        };
        let lab = &self.scene.document.lab;
        let run = LabRun {
            lab: self.scene.lab.clone(),
            path: lab.runbook.clone(),
            runbook: &self.scene.document.runbook,
            plan: &self.plan,
            brings_up: self.scene.brings_up(),
            keeps_failed: args.keep,
            deadline: args.lab_timeout,
            snapshots: snapshots(library, environment, lab),
            search_path: environment.search_path.clone(),
            secrets: secrets(self.scene.lab.env.iter()),
            traces: traces.as_ref().map(|listening| match listening {
                Ok(traces) => Ok(Arc::clone(&traces.store)),
                Err(why) => Err(why.clone()),
            }),
        };
        progress.mask(run.secrets.clone());
        match ProcessShell::new([]) {
            Ok(mut shell) => {
                let runtime = self.runtime.as_mut();
                Box::pin(verify_lab(&run, &mut shell, runtime, progress, cancel)).await
            }
            Err(error) => {
                let report = LabReport {
                    lab: lab.name.clone(),
                    runbook: lab.runbook.clone(),
                    steps: Vec::new(),
                    errors: vec![format!("no block can be started: {error}")],
                    notes: Vec::new(),
                    elapsed: Duration::ZERO,
                };
                progress.handle(&Event::LabFinished { lab: &report });
                report
            }
        }
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

/// Every command that some lab's blocks use must be on this machine.
fn check_tools(turns: &[Turn], environment: &Environment) -> Result<(), CliError> {
    let told: Vec<String> = turns
        .iter()
        .flat_map(|turn| {
            let document = &turn.scene.document;
            let missing = missing_tools(&turn.plan, &document.runbook, &environment.search_path);
            told(document, &missing)
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(CliError::Errored(format!(
        "not on this machine: {}; nothing was started",
        told.join("; ")
    )))
}

fn told(document: &Document, missing: &[MissingTool]) -> Vec<String> {
    let lines = LineIndex::new(&document.source);
    missing
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
        .collect()
}

fn write_reports(
    run: &RunReport,
    watched: &[(String, Vec<DrawnPanel>)],
    reports: &[ReportFile],
) -> Result<(), CliError> {
    let mut failed = None;
    for ReportFile { format, path } in reports {
        let text = match format {
            ReportFormat::Json => json::json_report(run),
            ReportFormat::Junit => junit::junit_report(run),
            ReportFormat::Html => html::html_report(run, watched),
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
