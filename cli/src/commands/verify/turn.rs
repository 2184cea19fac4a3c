//! One lab's turn.

use std::{path::Path, sync::Arc, time::Duration};

use labctl_docker::DockerRuntime;
use labctl_engine::{
    Event, LabReport, LabRun, ProcessShell, Reporter as _, SnapshotFolder, verify_lab,
};
use labctl_runbook::{
    Plan, VerifyOptions,
    expect::{asks_for_traces, unknown_services},
};
use tokio_util::sync::CancellationToken;

use super::reports::Reporters;
use crate::{
    args::{ReportFormat, VerifyArgs},
    document::Document,
    environment::{Environment, secrets},
    error::CliError,
    library::{LabPath, Library},
    scene::Scene,
    traces,
    watch::Watch,
};

/// One lab's turn, with all that can go wrong before anything is started behind it.
pub(super) struct Turn {
    pub(super) scene: Scene,
    pub(super) plan: Plan,
    runtime: Option<DockerRuntime>,
}

impl Turn {
    pub(super) async fn prepare(
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
    pub(super) fn watch(&self, args: &VerifyArgs) -> Option<Watch> {
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
    pub(super) async fn play(
        &mut self,
        library: &Library,
        environment: &Environment,
        args: &VerifyArgs,
        reporters: &mut Reporters,
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
            fails_fast: args.fail_fast,
            deadline: args.lab_timeout,
            snapshots: snapshots(library, environment, lab),
            search_path: environment.search_path.clone(),
            secrets: secrets(self.scene.lab.env.iter()),
            traces: traces.as_ref().map(|listening| match listening {
                Ok(traces) => Ok(Arc::clone(&traces.store)),
                Err(why) => Err(why.clone()),
            }),
        };
        reporters.mask(run.secrets.clone());
        match ProcessShell::new([]) {
            Ok(mut shell) => {
                let runtime = self.runtime.as_mut();
                Box::pin(verify_lab(&run, &mut shell, runtime, reporters, cancel)).await
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
                reporters.handle(&Event::LabFinished { lab: &report });
                report
            }
        }
    }
}

/// Where a lab's accepted outputs are; for a foreign runbook only if somebody has made the folder.
pub(in crate::commands) fn snapshots(
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
