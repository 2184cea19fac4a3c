//! One lab's turn.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

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

/// How labs are played.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Manner {
    pub(in crate::commands) cwd: Option<PathBuf>,
    pub(in crate::commands) options: VerifyOptions,
    /// What a lab may take as a whole.
    pub(in crate::commands) deadline: Duration,
    pub(in crate::commands) keeps_failed: bool,
    pub(in crate::commands) fails_fast: bool,
}

impl From<&VerifyArgs> for Manner {
    fn from(args: &VerifyArgs) -> Self {
        Self {
            cwd: args.cwd.cwd.clone(),
            options: VerifyOptions {
                allow_destructive: args.limits.allow_destructive,
                on_demand: args.on_demand,
                timeout: args.limits.timeout,
            },
            deadline: args.lab_timeout,
            keeps_failed: args.keep,
            fails_fast: args.fail_fast,
        }
    }
}

/// One lab's turn, with all that can go wrong before anything is started behind it.
pub(in crate::commands) struct Turn {
    pub(in crate::commands) scene: Scene,
    pub(in crate::commands) plan: Plan,
    runtime: Option<DockerRuntime>,
}

impl Turn {
    /// Of a lab that will be played, or, where it is not, only planned.
    pub(in crate::commands) async fn prepare(
        document: Document,
        environment: &Environment,
        manner: &Manner,
        is_played: bool,
    ) -> Result<Self, CliError> {
        let env = document.runbook.front_matter.labctl.env.clone();
        let mut scene = Scene::set(document, manner.cwd.as_deref(), env).await?;
        let wrong = unknown_services(&scene.document.runbook, &scene.facts.compose);
        scene.document.refuse(&wrong)?;
        let plan = Plan::for_verify(&scene.document.runbook, &scene.facts, &manner.options);
        let runtime = if is_played {
            scene.runtime(&plan, environment)?
        } else {
            None
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
    pub(in crate::commands) async fn play(
        &mut self,
        environment: &Environment,
        manner: &Manner,
        snapshots: Option<SnapshotFolder>,
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
            keeps_failed: manner.keeps_failed,
            fails_fast: manner.fails_fast,
            deadline: manner.deadline,
            snapshots,
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
