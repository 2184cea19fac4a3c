//! A lab on the bench: a runbook of blocks with given parts, a scripted shell, a fake runtime.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use labctl_runbook::{Action, Block, Part, Plan, Runbook, Step};
use tokio_util::sync::CancellationToken;

use super::shell::{Does, ScriptedShell};
use crate::{
    Event, Lab, LabReport, LabRun, Outcome, Played, Reporter, RunReport, SearchPath, Secrets,
    SnapshotFolder, TraceStore, fake_runtime::FakeRuntime, run_blocks, verify_lab,
};

pub(super) struct Bench {
    pub(super) runbook: Runbook,
    pub(super) plan: Plan,
    pub(super) shell: ScriptedShell,
    pub(super) runtime: Option<FakeRuntime>,
    pub(super) cancel: CancellationToken,
    pub(super) snapshots: Option<SnapshotFolder>,
    pub(super) traces: Option<Result<Arc<TraceStore>, String>>,
    pub(super) brings_up: bool,
    pub(super) keeps_failed: bool,
    /// The kind of event at which a person interrupts.
    pub(super) interrupted_at: Option<&'static str>,
    pub(super) panics_at: Option<&'static str>,
    pub(super) events: Vec<String>,
}

impl Bench {
    /// A runbook of blocks with these names and actions.
    pub(super) fn new(blocks: &[&str]) -> Self {
        let mut page = String::new();
        for name in blocks {
            let _ = write!(
                page,
                "```bash {{\"name\": \"{name}\"}}\ntrue # {name}\n```\n\n"
            );
        }
        let runbook = Runbook::parse(&page);
        let steps = (0..blocks.len()).map(|block| Step {
            block,
            action: Action::Run,
            part: Part::Ordinary,
            deadline: Duration::from_mins(5),
        });
        Self {
            plan: Plan {
                steps: steps.collect(),
                left_out: 0,
            },
            runbook,
            shell: ScriptedShell::default(),
            runtime: Some(FakeRuntime::default()),
            cancel: CancellationToken::new(),
            snapshots: None,
            traces: None,
            brings_up: false,
            keeps_failed: false,
            interrupted_at: None,
            panics_at: None,
            events: Vec::new(),
        }
    }

    pub(super) fn part(mut self, step: usize, part: Part) -> Self {
        self.plan.steps[step].part = part;
        self
    }

    pub(super) fn action(mut self, step: usize, action: Action) -> Self {
        self.plan.steps[step].action = action;
        self
    }

    pub(super) fn block(mut self, step: usize, change: impl FnOnce(&mut Block)) -> Self {
        change(&mut self.runbook.blocks[step]);
        self
    }

    /// Gives the step these lines of an expectation comment.
    pub(super) fn expects(self, step: usize, lines: &str) -> Self {
        let page = format!("```bash\ntrue\n```\n<!-- expect\n{lines}\n-->\n");
        let mut page = Runbook::parse(&page);
        let expectations = page.blocks.remove(0).expectations;
        self.block(step, |block| block.expectations = expectations)
    }

    pub(super) fn does(
        mut self,
        block: &'static str,
        does: impl IntoIterator<Item = Does>,
    ) -> Self {
        self.shell = self.shell.with(block, does);
        self
    }

    pub(super) fn runtime(mut self, change: impl FnOnce(&mut FakeRuntime)) -> Self {
        change(self.runtime.as_mut().unwrap());
        self
    }

    pub(super) fn calls(&self) -> &[&'static str] {
        &self.runtime.as_ref().unwrap().calls
    }

    fn run(&self) -> LabRun<'_> {
        LabRun {
            lab: Lab {
                name: "08".into(),
                folder: "/".into(),
                env: [].into(),
            },
            path: "08.md".into(),
            runbook: &self.runbook,
            plan: &self.plan,
            brings_up: self.brings_up,
            keeps_failed: self.keeps_failed,
            fails_fast: false,
            deadline: LabRun::DEADLINE,
            snapshots: self.snapshots.clone(),
            search_path: SearchPath::default(),
            secrets: Secrets::among([("API_TOKEN", "hunter2hunter2")]),
            traces: self.traces.clone(),
        }
    }

    /// What came of it: one word a step, in the order of the plan.
    pub(super) async fn verify(&mut self) -> LabReport {
        let (mut shell, mut runtime) = (std::mem::take(&mut self.shell), self.runtime.take());
        let mut log = self.log();
        let report = verify_lab(
            &self.run(),
            &mut shell,
            runtime.as_mut(),
            &mut log,
            &self.cancel,
        )
        .await;
        (self.shell, self.runtime, self.events) = (shell, runtime, log.events);
        report
    }

    /// As [`Bench::verify`] where a panic is due; true if there was one.
    pub(super) async fn verify_panics(&mut self) -> bool {
        let (mut shell, mut runtime) = (std::mem::take(&mut self.shell), self.runtime.take());
        let mut log = self.log();
        let run = self.run();
        let work = verify_lab(&run, &mut shell, runtime.as_mut(), &mut log, &self.cancel);
        let panicked = crate::session::guard::caught(Box::pin(work)).await.is_err();
        (self.shell, self.runtime) = (shell, runtime);
        panicked
    }

    pub(super) async fn play(&mut self) -> Played {
        let mut shell = std::mem::take(&mut self.shell);
        let mut log = self.log();
        let played = run_blocks(&self.run(), &mut shell, false, &mut log, &self.cancel).await;
        (self.shell, self.events) = (shell, log.events);
        played
    }

    fn log(&self) -> Log {
        Log {
            events: Vec::new(),
            cancel: self.cancel.clone(),
            interrupted_at: self.interrupted_at,
            panics_at: self.panics_at,
        }
    }
}

struct Log {
    events: Vec<String>,
    cancel: CancellationToken,
    interrupted_at: Option<&'static str>,
    panics_at: Option<&'static str>,
}

impl Reporter for Log {
    fn handle(&mut self, event: &Event<'_>) {
        let text = match event {
            Event::StepStarted { block, .. } => format!("StepStarted {block}"),
            Event::StepPrinted { block, .. } => format!("StepPrinted {block}"),
            Event::StepRetried { block, attempt } => format!("StepRetried {block} {attempt}"),
            Event::StepFinished { step } => format!("StepFinished {}", step.block),
            other => format!("{other:?}")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
        };
        if self.interrupted_at == Some(text.as_str()) {
            self.cancel.cancel();
        }
        assert!(
            self.panics_at != Some(text.as_str()),
            "a reporter's mistake"
        );
        self.events.push(text);
    }
}

/// The exit code of a run of this lab alone.
pub(super) fn code(report: LabReport) -> u8 {
    RunReport {
        labs: vec![report],
        is_interrupted: false,
    }
    .exit_code()
}

/// One word a step.
pub(super) fn outcomes(report: &LabReport) -> String {
    let words = report.steps.iter().map(|step| match &step.outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Stopped => "stopped".to_owned(),
        Outcome::Failed => "failed".to_owned(),
        Outcome::Errored(_) => "errored".to_owned(),
        Outcome::TimedOut(_) => "late".to_owned(),
        Outcome::Skipped(reason) => format!("{reason:?}")
            .split('(')
            .next()
            .unwrap_or_default()
            .to_owned(),
        Outcome::Cancelled => "cancelled".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
