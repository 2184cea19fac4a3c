//! Does what the session says, one thing after the other, and tells what happened.

use std::time::{Duration, SystemTime};

use labctl_runbook::{Captures, Part, SkipReason};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Event, LabReport, LabRun, Outcome, Reporter, Runtime, Shell, StepReport,
    http::HttpClient,
    session::{
        deadline::{Expiry, with_limit},
        guard,
        judge::Judged,
        metrics::Before,
        services::Services,
        state::{Grade, Happened, Next, Rules, Session},
        weak,
    },
};

/// Plays a lab's plan, judges every block and takes the lab down whatever happens, a panic included.
///
/// Without a `runtime` nothing is brought up or taken down: a runbook without services needs no Docker. `cancel` is a
/// person's interrupt: the block that runs is ended, the rest skipped, the lab taken down.
///
/// # Panics
/// Resumes a panic of the reporter, the shell or the runtime once the lab is down.
pub async fn verify_lab<S: Shell, R: Runtime>(
    run: &LabRun<'_>,
    shell: &mut S,
    mut runtime: Option<&mut R>,
    reporter: &mut dyn Reporter,
    cancel: &CancellationToken,
) -> LabReport {
    let token = cancel.child_token();
    let expiry = Expiry::default();
    let mut is_claimed = false;
    let work = async {
        let services = runtime
            .as_deref_mut()
            .map(|runtime| Services::new(runtime, run, &mut is_claimed));
        let mut pump = Pump::new(run, &mut *shell, services, reporter, &token, &expiry);
        pump.drive().await;
        pump.into_report()
    };
    let result = guard::caught(with_limit(work, run.deadline, &token, &expiry)).await;
    match result {
        Ok(report) => report,
        Err(panic) => {
            let _ = shell.stop_background().await;
            let _ = shell.end_session().await;
            if let (Some(runtime), true) = (runtime, is_claimed) {
                // The panic is what has to be told; what the teardown says about itself cannot be.
                let _ = runtime.tear_down(&run.lab).await;
            }
            std::panic::resume_unwind(panic)
        }
    }
}

pub(super) struct Pump<'a, S, R> {
    pub(super) run: &'a LabRun<'a>,
    pub(super) shell: &'a mut S,
    pub(super) services: Option<Services<'a, R>>,
    pub(super) reporter: &'a mut dyn Reporter,
    pub(super) cancel: &'a CancellationToken,
    pub(super) expiry: &'a Expiry,
    pub(super) is_interactive: bool,
    /// Claims that labctl itself asks for are judged: not where a person plays blocks.
    pub(super) asks: bool,
    pub(super) http: HttpClient,
    pub(super) captures: Captures,
    /// When each step's latest attempt began.
    pub(super) began_at: Vec<SystemTime>,
    /// The metrics just before each step's latest attempt.
    pub(super) before: Vec<Before>,
    /// What came of each step, by its place in the plan.
    pub(super) reports: Vec<Option<StepReport>>,
    pub(super) turn: Option<Turn>,
    pub(super) errors: Vec<String>,
    pub(super) notes: Vec<String>,
    began: Instant,
}

/// The step whose turn it is.
pub(super) struct Turn {
    pub(super) began: Instant,
    pub(super) began_at: SystemTime,
    pub(super) report: StepReport,
}

impl<'a, S: Shell, R: Runtime> Pump<'a, S, R> {
    pub(super) fn new(
        run: &'a LabRun<'a>,
        shell: &'a mut S,
        services: Option<Services<'a, R>>,
        reporter: &'a mut dyn Reporter,
        cancel: &'a CancellationToken,
        expiry: &'a Expiry,
    ) -> Self {
        Self {
            run,
            shell,
            services,
            reporter,
            cancel,
            expiry,
            is_interactive: false,
            asks: true,
            http: HttpClient::default(),
            captures: Captures::default(),
            began_at: vec![SystemTime::UNIX_EPOCH; run.plan.steps.len()],
            before: vec![Before::new(); run.plan.steps.len()],
            reports: vec![None; run.plan.steps.len()],
            turn: None,
            errors: Vec::new(),
            notes: Vec::new(),
            began: Instant::now(),
        }
    }

    async fn drive(&mut self) {
        self.announce();
        let rules = Rules {
            has_services: self.services.is_some(),
            brings_up: self.run.brings_up,
            keeps_failed: self.run.keeps_failed,
            fails_fast: self.run.fails_fast,
        };
        let mut session = Session::new(self.run.runbook, self.run.plan, rules);
        let mut next = session.begin();
        while next != Next::Finish {
            let happened = self.perform(next).await;
            if self.cancel.is_cancelled() {
                session.interrupt();
            }
            next = session.handle(happened);
        }
        if self.expiry.is_over() {
            let limit = self.run.deadline;
            self.errors.push(format!(
                "the lab took longer than {} s; the rest was not run",
                limit.as_secs()
            ));
        }
    }

    async fn perform(&mut self, next: Next) -> Happened {
        match next {
            Next::ClaimLab => self.claim_lab().await,
            Next::BringUp => self.bring_up().await,
            Next::AwaitReady => self.await_ready().await,
            Next::Run { step, attempt } => self.attempt(step, attempt).await,
            Next::Pause {
                step,
                attempt,
                every,
            } => self.pause(step, attempt, every).await,
            Next::StartInBackground(step) => self.start_in_background(step).await,
            Next::Conclude { step, wants_logs } => self.conclude(step, wants_logs).await,
            Next::Skip { step, reason } => self.skip(step, reason),
            Next::StopBackground { awaited } => self.stop_background(&awaited).await,
            Next::EndSession => self.end_session().await,
            Next::TearDown => self.tear_down().await,
            Next::Keep => self.keep().await,
            Next::Finish => Happened::Done,
        }
    }

    pub(super) fn announce(&mut self) {
        self.reporter.handle(&Event::LabStarted {
            lab: &self.run.lab.name,
            runbook: &self.run.path,
            blocks: self.run.plan.steps.len(),
        });
    }

    pub(super) async fn end_session(&mut self) -> Happened {
        let left_behind = self.shell.end_session().await;
        for process in left_behind {
            self.note(format!("ended: {process}"));
        }
        Happened::Done
    }

    /// Says it now and in the report.
    pub(super) fn note(&mut self, message: String) {
        self.reporter.handle(&Event::Noted { message: &message });
        self.notes.push(message);
    }

    async fn pause(&mut self, step: usize, attempt: u32, every: Duration) -> Happened {
        self.reporter.handle(&Event::StepRetried {
            block: &self.block(step).name,
            attempt,
        });
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = tokio::time::sleep(every) => {}
        }
        Happened::Done
    }

    pub(super) async fn conclude(&mut self, step: usize, wants_logs: bool) -> Happened {
        let Some(mut turn) = self.turn.take() else {
            return Happened::Done;
        };
        if let Some(services) = &mut self.services {
            turn.report.notes.extend(services.restarted().await);
            if wants_logs {
                turn.report.service_logs = services.logs_since(turn.began_at).await;
            }
            if wants_logs
                && self.run.plan.steps[step].part == Part::Start
                && !self.cancel.is_cancelled()
            {
                self.errors.push(format!(
                    "the lab did not come up: block `{}` did not pass",
                    turn.report.block
                ));
            }
        }
        self.report(step, turn.report);
        Happened::Done
    }

    pub(super) fn skip(&mut self, step: usize, reason: SkipReason) -> Happened {
        let report = StepReport {
            outcome: Outcome::Skipped(reason),
            ..self.blank(step)
        };
        self.report(step, report);
        Happened::Done
    }

    /// The step is over: tells it and keeps it.
    pub(super) fn report(&mut self, step: usize, report: StepReport) {
        self.reporter.handle(&Event::StepFinished { step: &report });
        self.reports[step] = Some(report);
    }

    /// Starts the step's turn; its report is filled in by and by.
    pub(super) fn take_turn(&mut self, step: usize) {
        let report = self.blank(step);
        self.reporter.handle(&Event::StepStarted {
            block: &report.block,
            number: step + 1,
            line: report.line,
        });
        self.turn = Some(Turn {
            began: Instant::now(),
            began_at: SystemTime::now(),
            report,
        });
    }

    /// Writes what an attempt came to into the report of the step whose turn it is.
    pub(super) fn fill_in(&mut self, attempt: u32, judged: Judged) -> Grade {
        let grade = judged.grade();
        if let Some(turn) = &mut self.turn {
            turn.report.fill_in(judged, self.run.runbook);
            turn.report.attempts = attempt;
            turn.report.elapsed = turn.began.elapsed();
        }
        grade
    }

    pub(super) fn block(&self, step: usize) -> &'a labctl_runbook::Block {
        &self.run.runbook.blocks[self.run.plan.steps[step].block]
    }

    /// The report of a step that was not run.
    pub(super) fn blank(&self, step: usize) -> StepReport {
        let block = self.block(step);
        StepReport {
            block: block.name.clone(),
            line: block.line,
            outcome: Outcome::Cancelled,
            judgements: Vec::new(),
            is_exit_only: false,
            fooled_by: None,
            snapshot: None,
            observation: None,
            attempts: 0,
            notes: Vec::new(),
            service_logs: None,
            elapsed: Duration::ZERO,
        }
    }

    pub(super) fn into_report(mut self) -> LabReport {
        if self.run.plan.left_out > 0 {
            self.note(self.run.plan.left_out_in_words());
        }
        if let Some(folder) = &self.run.snapshots {
            for stray in folder.strays(self.run.runbook) {
                self.note(format!(
                    "stale snapshot: {} belongs to no block",
                    stray.display()
                ));
            }
        }
        let blocks: Vec<_> = (0..self.reports.len())
            .map(|step| self.block(step))
            .collect();
        let weak = weak::find(&blocks, &self.reports, &self.captures);
        for (report, fooled_by) in self.reports.iter_mut().zip(weak) {
            if let Some(report) = report {
                report.fooled_by = fooled_by;
            }
        }
        let mut report = LabReport {
            lab: self.run.lab.name.clone(),
            runbook: self.run.path.clone(),
            steps: self.reports.into_iter().flatten().collect(),
            errors: self.errors,
            notes: self.notes,
            elapsed: self.began.elapsed(),
        };
        report.say_if_nothing_ran();
        self.reporter.handle(&Event::LabFinished { lab: &report });
        report
    }
}
