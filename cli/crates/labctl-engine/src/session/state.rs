//! The session as a state machine: what has happened goes in, what is to be done next comes out.
//!
//! No await, no clock, no effect. The pump does what [`Next`] says and answers each with one [`Happened`].

use std::time::Duration;

use labctl_runbook::{
    Action, Part, Plan, Runbook, SkipReason,
    expect::{self, Retry},
};

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) enum Next {
    /// Take the lab for this run.
    ClaimLab,
    /// Bring the services up and wait for them.
    BringUp,
    /// Wait for the services that the step started.
    AwaitReady,
    /// Run the step; the attempt counts from 1.
    Run {
        /// Index into the plan.
        step: usize,
        /// From 1.
        attempt: u32,
    },
    /// Wait before the step's next attempt.
    Pause {
        /// Index into the plan.
        step: usize,
        /// The attempt that did not pass, from 1.
        attempt: u32,
        /// How long.
        every: Duration,
    },
    /// Start the step beside the ones that follow.
    StartInBackground(usize),
    /// The step is over: report it.
    Conclude {
        /// Index into the plan.
        step: usize,
        /// Whether it did not pass while services may have had a part in it.
        wants_logs: bool,
    },
    /// The step is not run: report it.
    Skip {
        /// Index into the plan.
        step: usize,
        /// Why.
        reason: SkipReason,
    },
    /// Wait for these background steps to end by themselves, end the others and one-off containers; judge them all.
    StopBackground {
        /// Indices into the plan.
        awaited: Vec<usize>,
    },
    /// End what blocks have left running.
    EndSession,
    /// Take the lab down.
    TearDown,
    /// Leave the lab up.
    Keep,
    /// Nothing is left to do.
    Finish,
}

/// What has happened; the answer to one [`Next`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// What was asked for is done.
    Done,
    /// The lab could not be taken: it is not ours to touch.
    LabRefused,
    /// The services did not come up, or did not get ready.
    LabNotUp,
    /// A step's attempt came to this, or a background step could not be started.
    Judged(Grade),
    /// The background steps were stopped and judged.
    BackgroundStopped(Vec<(usize, Grade)>),
}

/// What matters of an attempt for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    /// As it should be.
    Passed,
    /// Anything else.
    NotPassed,
}

/// What is done about failures, and what the lab needs.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each a question of its own")]
pub(crate) struct Rules {
    /// There are services to claim and take down.
    pub(crate) has_services: bool,
    /// The services are brought up before the first block.
    pub(crate) brings_up: bool,
    /// A lab with a failure stays up.
    pub(crate) keeps_failed: bool,
    /// After a step that did not pass, only what takes the lab down is played.
    pub(crate) fails_fast: bool,
}

/// One run of a plan.
#[derive(Debug)]
pub(crate) struct Session {
    steps: Vec<Planned>,
    rules: Rules,
    phase: Phase,
    hold: Hold,
    is_interrupted: bool,
    has_failure: bool,
}

#[derive(Debug)]
struct Planned {
    name: String,
    action: Action,
    part: Part,
    retry: Option<Retry>,
    needs: Vec<String>,
    is_awaited: bool,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    InBackground,
    Over(Grade),
}

/// What the session has of the lab's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// There are none, or they are not taken yet.
    Nothing,
    /// They are somebody else's.
    Refused,
    /// They are this run's to play with and to take down.
    Taken,
    /// As taken, but they did not come up.
    TakenNotUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Claiming,
    BringingUp,
    Attempting(usize, u32),
    Pausing(usize, u32),
    AwaitingReady(usize),
    StartingBackground(usize),
    Concluding(usize),
    StoppingBackground(usize),
    EndingSession,
    TakingDown,
    Over,
}

impl Session {
    /// A session of `plan`, not begun.
    pub(crate) fn new(runbook: &Runbook, plan: &Plan, rules: Rules) -> Self {
        let steps = plan.steps.iter().filter_map(|step| {
            let block = runbook.blocks.get(step.block)?;
            Some(Planned {
                name: block.name.clone(),
                action: step.action.clone(),
                part: step.part,
                retry: block.expectations.retry,
                needs: block
                    .expectations
                    .needs
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect(),
                is_awaited: expect::has_exit_claim(&block.expectations),
                progress: Progress::Waiting,
            })
        });
        Self {
            steps: steps.collect(),
            rules,
            phase: Phase::New,
            hold: Hold::Nothing,
            is_interrupted: false,
            has_failure: false,
        }
    }

    /// The first thing to do.
    pub(crate) fn begin(&mut self) -> Next {
        if self.rules.has_services {
            self.phase = Phase::Claiming;
            return Next::ClaimLab;
        }
        self.play_from(0)
    }

    /// From now on nothing new is started: a person interrupted, or the lab's time is over.
    pub(crate) fn interrupt(&mut self) {
        self.is_interrupted = true;
    }

    /// Takes in what happened and says what is to be done.
    pub(crate) fn handle(&mut self, happened: Happened) -> Next {
        match (self.phase, happened) {
            (Phase::Claiming, Happened::LabRefused) => {
                self.hold = Hold::Refused;
                self.play_from(0)
            }
            (Phase::Claiming, _) => {
                self.hold = Hold::Taken;
                let has_start = self.steps.iter().any(Planned::is_start);
                if self.rules.brings_up && !has_start && !self.is_interrupted {
                    self.phase = Phase::BringingUp;
                    return Next::BringUp;
                }
                self.play_from(0)
            }
            (Phase::BringingUp, happened) => {
                self.note_whether_up(&happened);
                self.play_from(0)
            }
            (Phase::Attempting(step, attempt), happened) => {
                self.attempted(step, attempt, &happened)
            }
            (Phase::Pausing(step, attempt), _) if !self.is_interrupted => {
                self.phase = Phase::Attempting(step, attempt + 1);
                Next::Run {
                    step,
                    attempt: attempt + 1,
                }
            }
            (Phase::Pausing(step, _), _) => self.conclude(step, Grade::NotPassed),
            (Phase::StartingBackground(step), Happened::Judged(grade)) => {
                self.conclude(step, grade)
            }
            (Phase::StartingBackground(step), _) => {
                self.steps[step].progress = Progress::InBackground;
                self.play_from(step + 1)
            }
            (Phase::Concluding(step), _) => {
                let planned = &self.steps[step];
                let starts = planned.is_start() && self.is_claimed();
                match planned.progress {
                    Progress::Over(Grade::Passed) if starts && !self.is_interrupted => {
                        self.phase = Phase::AwaitingReady(step);
                        return Next::AwaitReady;
                    }
                    Progress::Over(Grade::NotPassed) | Progress::Waiting if starts => {
                        self.hold = Hold::TakenNotUp;
                    }
                    _ => {}
                }
                self.play_from(step + 1)
            }
            (Phase::AwaitingReady(step), happened) => {
                self.note_whether_up(&happened);
                self.play_from(step + 1)
            }
            (Phase::StoppingBackground(next), happened) => {
                if let Happened::BackgroundStopped(grades) = happened {
                    for (step, grade) in grades {
                        self.finish_step(step, grade);
                    }
                }
                for planned in &mut self.steps {
                    if planned.progress == Progress::InBackground {
                        planned.progress = Progress::Over(Grade::NotPassed);
                    }
                }
                self.play_from(next)
            }
            (Phase::EndingSession, _) => self.leave_lab(),
            (Phase::New, _) => self.begin(),
            (Phase::TakingDown | Phase::Over, _) => {
                self.phase = Phase::Over;
                Next::Finish
            }
        }
    }

    fn note_whether_up(&mut self, happened: &Happened) {
        self.hold = if *happened == Happened::Done {
            Hold::Taken
        } else {
            Hold::TakenNotUp
        };
    }

    fn is_claimed(&self) -> bool {
        matches!(self.hold, Hold::Taken | Hold::TakenNotUp)
    }

    fn can_play(&self) -> bool {
        matches!(self.hold, Hold::Nothing | Hold::Taken)
    }

    fn attempted(&mut self, step: usize, attempt: u32, happened: &Happened) -> Next {
        let grade = match happened {
            Happened::Judged(grade) => *grade,
            _ => Grade::NotPassed,
        };
        if let (Grade::NotPassed, Some(retry), false) =
            (grade, self.steps[step].retry, self.is_interrupted)
            && attempt < retry.attempts
        {
            self.phase = Phase::Pausing(step, attempt);
            return Next::Pause {
                step,
                attempt,
                every: retry.every,
            };
        }
        self.conclude(step, grade)
    }

    fn conclude(&mut self, step: usize, grade: Grade) -> Next {
        self.finish_step(step, grade);
        self.phase = Phase::Concluding(step);
        Next::Conclude {
            step,
            wants_logs: grade == Grade::NotPassed && self.is_claimed(),
        }
    }

    fn finish_step(&mut self, step: usize, grade: Grade) {
        self.steps[step].progress = Progress::Over(grade);
        self.has_failure |= grade == Grade::NotPassed;
    }

    fn play_from(&mut self, step: usize) -> Next {
        let Some(planned) = self.steps.get(step) else {
            return self.wind_up();
        };
        if let Some(reason) = self.skip_reason(planned) {
            self.phase = Phase::Concluding(step);
            return Next::Skip { step, reason };
        }
        if planned.part == Part::Cleanup && self.has_background() {
            return self.stop_background(step);
        }
        if planned.action == Action::RunInBackground {
            self.phase = Phase::StartingBackground(step);
            return Next::StartInBackground(step);
        }
        self.phase = Phase::Attempting(step, 1);
        Next::Run { step, attempt: 1 }
    }

    fn skip_reason(&self, planned: &Planned) -> Option<SkipReason> {
        if let Action::Skip(reason) = &planned.action {
            return Some(reason.clone());
        }
        if self.is_interrupted {
            return Some(SkipReason::Cancelled);
        }
        if !self.can_play() {
            return Some(SkipReason::LabNotUp);
        }
        if self.rules.fails_fast && self.has_failure && planned.part != Part::Cleanup {
            return Some(SkipReason::AfterFailure);
        }
        let needed = planned.needs.iter().find(|name| !self.is_good(name))?;
        Some(SkipReason::Needs(needed.clone()))
    }

    fn is_good(&self, name: &str) -> bool {
        let named = self.steps.iter().find(|planned| planned.name == name);
        named.is_some_and(|planned| {
            matches!(
                planned.progress,
                Progress::Over(Grade::Passed) | Progress::InBackground
            )
        })
    }

    fn has_background(&self) -> bool {
        self.steps
            .iter()
            .any(|planned| planned.progress == Progress::InBackground)
    }

    fn stop_background(&mut self, next: usize) -> Next {
        self.phase = Phase::StoppingBackground(next);
        let is_awaited = |planned: &Planned| {
            planned.progress == Progress::InBackground
                && planned.is_awaited
                && !self.is_interrupted
                && self.can_play()
        };
        let awaited = self
            .steps
            .iter()
            .enumerate()
            .filter(|(_, planned)| is_awaited(planned));
        Next::StopBackground {
            awaited: awaited.map(|(step, _)| step).collect(),
        }
    }

    fn wind_up(&mut self) -> Next {
        if self.has_background() {
            return self.stop_background(self.steps.len());
        }
        self.phase = Phase::EndingSession;
        Next::EndSession
    }

    fn leave_lab(&mut self) -> Next {
        if !self.is_claimed() {
            self.phase = Phase::Over;
            return Next::Finish;
        }
        self.phase = Phase::TakingDown;
        let has_failure = self.has_failure || !self.can_play();
        if self.rules.keeps_failed && has_failure && !self.is_interrupted {
            Next::Keep
        } else {
            Next::TearDown
        }
    }
}

impl Planned {
    fn is_start(&self) -> bool {
        self.part == Part::Start && !matches!(self.action, Action::Skip(_))
    }
}
