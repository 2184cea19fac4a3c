//! `run` as it goes: what the blocks print, as they print it; little else.

use std::{
    io::{Write as _, stderr, stdout},
    path::{Path, PathBuf},
};

use labctl_engine::{Event, Outcome, Reporter, StepReport, Stream};
use labctl_runbook::Verdict;

use crate::{args::Global, output, report::words};

/// Prints what happens in a `run`.
#[derive(Debug)]
pub(crate) struct Console {
    global: Global,
    runbook: PathBuf,
    has_several: bool,
}

impl Console {
    pub(crate) fn new(global: Global, runbook: &Path, steps: usize) -> Self {
        Self {
            global,
            runbook: runbook.to_owned(),
            has_several: steps > 1,
        }
    }

    fn finished(&self, step: &StepReport) {
        match &step.outcome {
            Outcome::Passed | Outcome::Stopped => {
                if self.has_several && !self.global.quiet {
                    output::say(&format!(
                        "`{}` passed, {}",
                        step.block,
                        words::seconds(step.elapsed)
                    ));
                }
            }
            Outcome::Failed => {
                for judgement in &step.judgements {
                    if let Verdict::Failed(seen) | Verdict::Errored(seen) = &judgement.verdict {
                        let place = format!("{}:{}", self.runbook.display(), judgement.line);
                        output::say(&format!("{place}: {}: {seen}", judgement.claim));
                    }
                }
            }
            _ => {
                if let Some(reason) = words::reason(step) {
                    output::say(&format!("`{}`: {reason}", step.block));
                }
            }
        }
        for note in &step.notes {
            output::say(note);
        }
    }
}

impl Reporter for Console {
    fn handle(&mut self, event: &Event<'_>) {
        match event {
            Event::StepStarted { block, .. } if self.has_several && !self.global.quiet => {
                output::say(&format!("playing `{block}`"));
            }
            Event::StepPrinted { stream, bytes, .. } => {
                // A reader that has gone away must not end the block.
                let _ = match stream {
                    Stream::Stdout => stdout().write_all(bytes).and_then(|()| stdout().flush()),
                    Stream::Stderr => stderr().write_all(bytes),
                };
            }
            Event::StepFinished { step } => self.finished(step),
            Event::Noted { message } => output::say(message),
            Event::LabFinished { lab } => lab.errors.iter().for_each(|error| output::say(error)),
            _ => {}
        }
    }
}
