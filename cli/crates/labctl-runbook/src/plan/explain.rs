//! A plan in plain words, for `--dry-run` and reports.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{Action, Part, Plan, SkipReason};
use crate::Runbook;

impl Plan {
    /// One line a step: line number, name, what happens and why; deadline and part where the block is played.
    ///
    /// ```text
    ///   12  start-lab     runs, brings the lab up; at most 15m
    ///   90  clean         skipped: would harm more than this lab (`docker system prune -f`); --allow-destructive plays it
    /// ```
    pub fn explain(&self, runbook: &Runbook) -> String {
        let blocks = || {
            self.steps
                .iter()
                .filter_map(|step| Some((step, runbook.blocks.get(step.block)?)))
        };
        let line_width = blocks()
            .map(|(_, block)| block.line.to_string().len())
            .max()
            .unwrap_or(0);
        let name_width = blocks()
            .map(|(_, block)| block.name.chars().count())
            .max()
            .unwrap_or(0)
            .min(32);
        let mut text = String::new();
        for (step, block) in blocks() {
            let _ = write!(
                text,
                "{:>line_width$}  {:<name_width$}  {}",
                block.line, block.name, step.action
            );
            if !matches!(step.action, Action::Skip(_)) {
                if step.part != Part::Ordinary {
                    let _ = write!(text, ", {}", step.part);
                }
                let _ = write!(text, "; at most {}", in_words(step.deadline));
            }
            text.push('\n');
        }
        if self.left_out > 0 {
            let _ = writeln!(text, "{}", self.left_out_in_words());
        }
        text
    }

    /// How many blocks nobody asked for.
    pub fn left_out_in_words(&self) -> String {
        match self.left_out {
            1 => "1 block was not asked for".to_owned(),
            count => format!("{count} blocks were not asked for"),
        }
    }
}

fn in_words(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run => formatter.write_str("runs"),
            Self::RunEndless { command } => write!(
                formatter,
                "runs, stopped after 5s of output (`{command}` never ends by itself)"
            ),
            Self::RunInBackground => formatter.write_str("runs in the background"),
            Self::Skip(reason) => write!(formatter, "skipped: {reason}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Start => "brings the lab up",
            Self::Cleanup => "takes the lab down",
            Self::Ordinary => "an ordinary block",
        })
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destructive(command) => write!(
                formatter,
                "would harm more than this lab (`{command}`); --allow-destructive plays it"
            ),
            Self::OnDemand => formatter.write_str("on demand; --on-demand plays it"),
            Self::NotInRunAll => {
                formatter.write_str("marked excludeFromRunAll; --on-demand plays it")
            }
            Self::Interactive(command) => write!(formatter, "waits for a person (`{command}`)"),
            Self::NoLanguage => formatter.write_str("its fence names no language"),
            Self::NotCode(language) => write!(formatter, "nothing runs `{language}`"),
            Self::ByAuthor(why) => write!(formatter, "by its author: {why}"),
            Self::Needs(block) => write!(formatter, "needs `{block}`, which did not pass"),
            Self::AfterFailure => {
                formatter.write_str("a block before it did not pass (--fail-fast)")
            }
            Self::LabNotUp => formatter.write_str("lab not up"),
            Self::Cancelled => formatter.write_str("the run ended before its turn"),
        }
    }
}
