//! `run`: plays blocks for a person, one after the other, until one fails.

use labctl_runbook::Action;
use tokio_util::sync::CancellationToken;

use crate::{
    LabReport, LabRun, NoRuntime, Outcome, Reporter, Shell, StepReport,
    session::{
        deadline::Expiry,
        pump::Pump,
        state::{Grade, Happened},
    },
};

/// What came of blocks played for a person.
#[derive(Debug)]
pub struct Played {
    /// Every block that had its turn. Claims are judged and shown, but do not count for the code; those that
    /// labctl itself would ask for are left out and said to be.
    pub lab: LabReport,
    /// The code to exit with: the block's own, 128 + n by signal, 124 timed out, 130 interrupted, 2 refused, 3 could
    /// not be run; of several blocks, the first that is not 0.
    pub exit_code: u8,
}

/// Plays the plan's blocks in its order and stops at the first whose process fails. Starts and stops no services. Each
/// block has its own deadline; all together have none, as a person is there.
///
/// `is_interactive`: each block gets the caller's terminal. A background block with nothing after it is played in the
/// foreground; one with other blocks after it is stopped with the last of them.
pub async fn run_blocks<S: Shell>(
    run: &LabRun<'_>,
    shell: &mut S,
    is_interactive: bool,
    reporter: &mut dyn Reporter,
    cancel: &CancellationToken,
) -> Played {
    let expiry = Expiry::default();
    let mut pump = Pump::<S, NoRuntime>::new(run, shell, None, reporter, cancel, &expiry);
    pump.is_interactive = is_interactive;
    pump.asks = false;
    let exit_code = pump.play().await;
    Played {
        lab: pump.into_report(),
        exit_code,
    }
}

impl<S: Shell> Pump<'_, S, NoRuntime> {
    async fn play(&mut self) -> u8 {
        self.announce();
        let mut exit_code = 0;
        for step in 0..self.run.plan.steps.len() {
            exit_code = self.play_step(step).await;
            if exit_code != 0 {
                break;
            }
        }
        self.stop_background(&[]).await;
        self.end_session().await;
        exit_code
    }

    async fn play_step(&mut self, step: usize) -> u8 {
        let steps = &self.run.plan.steps;
        if let Action::Skip(reason) = &steps[step].action {
            self.skip(step, reason.clone());
            return 2;
        }
        let is_last = steps[step + 1..]
            .iter()
            .all(|later| later.action == Action::RunInBackground);
        if steps[step].action == Action::RunInBackground && !is_last {
            if self.start_in_background(step).await != Happened::Judged(Grade::NotPassed) {
                return 0;
            }
        } else {
            self.attempt(step, 1).await;
        }
        self.conclude(step, false).await;
        self.reports[step].as_ref().map_or(3, exit_code)
    }
}

fn exit_code(step: &StepReport) -> u8 {
    match (&step.outcome, &step.observation) {
        (Outcome::TimedOut(_), _) => 124,
        (Outcome::Cancelled, _) => 130,
        (_, Some(observation)) => u8::try_from(observation.exit.code() & 0xff).unwrap_or(u8::MAX),
        (_, None) => 3,
    }
}
