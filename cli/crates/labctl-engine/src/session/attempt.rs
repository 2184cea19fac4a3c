//! One execution of a step, in the foreground or beside the others.

use std::time::SystemTime;

use labctl_runbook::{Action, Block};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Attempt, Ending, Event, Invocation, Outcome, Runtime, Shell, ShellError, StepReport, Stop,
    in_full,
    session::{
        ask::{ANSWER, Witness},
        invocation::invocation,
        judge::{self, Judged},
        metrics,
        pump::Pump,
        state::{Grade, Happened},
        until::Watch,
    },
};

impl<S: Shell, R: Runtime> Pump<'_, S, R> {
    pub(super) async fn attempt(&mut self, step: usize, attempt: u32) -> Happened {
        if attempt == 1 {
            self.take_turn(step);
        }
        let block = self.block(step);
        let result = self.execute(step, block).await;
        let judged = self.judge(step, result).await;
        Happened::Judged(self.fill_in(attempt, judged))
    }

    /// What is to be run, with the variables that the runtime wants besides the lab's own.
    fn invocation(&self, step: usize, is_interactive: bool) -> Invocation {
        let run = self.run;
        let mut invocation =
            invocation(run, &run.plan.steps[step], self.block(step), is_interactive);
        if let Some(services) = &self.services {
            for (name, value) in services.block_env() {
                invocation.env.entry(name).or_insert(value);
            }
        }
        invocation
    }

    /// Reads the metrics whose change the block claims.
    async fn read_before(&mut self, step: usize) {
        if !self.asks {
            return;
        }
        let expectations = &self.block(step).expectations;
        let defaults = &self.run.runbook.front_matter.labctl;
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {}
            before = metrics::before(&self.http, defaults, expectations, ANSWER) => {
                self.before[step] = before;
            }
        }
    }

    async fn execute(&mut self, step: usize, block: &Block) -> Result<Attempt, ShellError> {
        self.read_before(step).await;
        let invocation = self.invocation(step, self.is_interactive);
        let signals = Stop {
            cancel: self.cancel.clone(),
            enough: CancellationToken::new(),
        };
        let mut watch = Watch::new(block.expectations.until.as_ref(), &self.captures);
        self.began_at[step] = SystemTime::now();
        let reporter = &mut *self.reporter;
        let mut printed = |stream, bytes: &[u8]| {
            reporter.handle(&Event::StepPrinted {
                block: &block.name,
                stream,
                bytes,
            });
            if watch.sees(stream, bytes) {
                signals.enough.cancel();
            }
        };
        self.shell.run(&invocation, &signals, &mut printed).await
    }

    async fn judge(&mut self, step: usize, result: Result<Attempt, ShellError>) -> Judged {
        let mut attempt = match result {
            Ok(attempt) => attempt,
            Err(error) => return Judged::errored(in_full(&error)),
        };
        let mut deadline = self.run.plan.steps[step].deadline;
        if attempt.ending == Ending::Cancelled && self.expiry.is_over() {
            attempt.ending = Ending::TimedOut;
            deadline = attempt.duration;
        }
        let (block, ended) = (self.block(step), Instant::now());
        let mut witness = Witness {
            services: self.services.as_mut(),
            http: &self.http,
            defaults: &self.run.runbook.front_matter.labctl,
            before: &self.before[step],
            secrets: &self.run.secrets,
            traces: self.run.traces.as_ref(),
            is_asked: self.asks,
            cancel: self.cancel,
            began_at: self.began_at[step],
            ended,
            is_cut_short: false,
            spans: Vec::new(),
        };
        let mut judged = Box::pin(judge::judge(
            self.run,
            block,
            &attempt,
            deadline,
            &mut witness,
            &mut self.captures,
        ))
        .await;
        if judged.outcome == Outcome::Cancelled && self.expiry.is_over() {
            judged.outcome = Outcome::TimedOut(attempt.duration + ended.elapsed());
        }
        judged
    }

    pub(super) async fn start_in_background(&mut self, step: usize) -> Happened {
        self.take_turn(step);
        self.read_before(step).await;
        let invocation = self.invocation(step, false);
        self.began_at[step] = SystemTime::now();
        match self.shell.start_background(&invocation).await {
            Ok(()) => {
                // Its report waits for its end.
                if let Some(turn) = self.turn.take() {
                    self.reports[step] = Some(StepReport {
                        attempts: 1,
                        ..turn.report
                    });
                }
                Happened::Done
            }
            Err(error) => Happened::Judged(self.fill_in(1, Judged::errored(in_full(&error)))),
        }
    }

    pub(super) async fn stop_background(&mut self, awaited: &[usize]) -> Happened {
        let mut grades = Vec::new();
        for &step in awaited {
            let (block, deadline) = (self.block(step), self.run.plan.steps[step].deadline);
            let signals = Stop {
                cancel: self.cancel.clone(),
                enough: CancellationToken::new(),
            };
            let result = self
                .shell
                .wait_background(&block.name, deadline, &signals)
                .await;
            let judged = self.judge(step, result).await;
            grades.push((step, self.conclude_background(step, judged)));
        }
        for (name, attempt) in self.shell.stop_background().await {
            let Some(step) = self
                .background_step(&name)
                .filter(|step| !awaited.contains(step))
            else {
                continue;
            };
            let judged = if attempt.ending == Ending::Stopped {
                stopped(self.block(step))
            } else {
                self.judge(step, Ok(attempt)).await
            };
            grades.push((step, self.conclude_background(step, judged)));
        }
        if let Some(services) = &mut self.services
            && let Err(error) = services.remove_one_offs().await
        {
            self.errors.push(error);
        }
        Happened::BackgroundStopped(grades)
    }

    fn conclude_background(&mut self, step: usize, judged: Judged) -> Grade {
        let grade = judged.grade();
        let mut report = self.reports[step]
            .take()
            .unwrap_or_else(|| self.blank(step));
        report.elapsed = judged.duration().unwrap_or_default();
        report.fill_in(judged, self.run.runbook);
        self.report(step, report);
        grade
    }

    fn background_step(&self, name: &str) -> Option<usize> {
        (0..self.run.plan.steps.len()).find(|&step| {
            self.run.plan.steps[step].action == Action::RunInBackground
                && self.block(step).name == name
        })
    }
}

/// A block that was stopped with the lab is not judged. Where something is claimed of it, that is not a pass.
fn stopped(block: &Block) -> Judged {
    let outcome = if block.expectations.ask_anything() {
        Outcome::Errored(NOT_JUDGED.to_owned())
    } else {
        Outcome::Stopped
    };
    Judged {
        outcome,
        ..Judged::errored(String::new())
    }
}

const NOT_JUDGED: &str = "it was stopped with the lab before it had ended, so what it claims was not judged; \
     claim its exit too, such as `exit == 0`, and labctl waits for its end";
