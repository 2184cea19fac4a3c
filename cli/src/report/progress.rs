//! `verify` as it goes: a line for each block that ended, and on a terminal a live one for the block that runs.

use std::{
    fmt::Write as _,
    io::{IsTerminal, stderr},
    path::PathBuf,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use labctl_engine::{Event, Outcome, Reporter, Secrets, StepReport, Stream};

use crate::{args::Global, output, report::words};

/// Prints what happens in a `verify`.
#[derive(Debug)]
pub(crate) struct Progress {
    global: Global,
    live: ProgressBar,
    runbook: PathBuf,
    lab: String,
    planned: usize,
    secrets: Secrets,
    printed: Printed,
}

/// What the running block printed since its last whole line: a secret must not slip through in two halves.
#[derive(Debug, Default)]
struct Printed {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// A line longer than this is shown in pieces.
const LONGEST_LINE: usize = 64 << 10;

impl Printed {
    /// The whole lines there are, now that these bytes came.
    fn of(&mut self, stream: Stream, bytes: &[u8]) -> String {
        let held = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        held.extend_from_slice(bytes);
        let end = held
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        let end = if held.len() - end > LONGEST_LINE {
            held.len()
        } else {
            end
        };
        let rest = held.split_off(end);
        String::from_utf8_lossy(&std::mem::replace(held, rest)).into_owned()
    }

    /// What is left without a line's end, each stream on a line of its own.
    fn rest(&mut self) -> String {
        let mut text = String::new();
        for held in [&mut self.stdout, &mut self.stderr] {
            if !held.is_empty() {
                let _ = writeln!(text, "{}", String::from_utf8_lossy(&std::mem::take(held)));
            }
        }
        text
    }
}

impl Progress {
    /// From now on these are masked in what blocks print.
    pub(crate) fn mask(&mut self, secrets: Secrets) {
        self.secrets = secrets;
    }

    pub(crate) fn new(global: Global) -> Self {
        let live = if stderr().is_terminal() && !global.quiet {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                .expect("a fixed template");
            ProgressBar::new_spinner().with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Self {
            global,
            live,
            runbook: PathBuf::new(),
            lab: String::new(),
            planned: 0,
            secrets: Secrets::default(),
            printed: Printed::default(),
        }
    }

    /// Prints above the live line.
    fn line(&self, text: &str) {
        if !self.global.quiet {
            self.live.suspend(|| output::text(text));
        }
    }

    fn show(&self, message: String) {
        self.live.reset_elapsed();
        self.live.set_message(message);
        self.live.enable_steady_tick(Duration::from_millis(100));
    }

    fn finished(&self, step: &StepReport) {
        let (word, style) = mark(&step.outcome);
        let mut text = String::new();
        let _ = write!(text, "  {style}{word:<9}{style:#} {}", step.block);
        match &step.outcome {
            Outcome::Skipped(reason) => drop(write!(text, ": {reason}")),
            _ => drop(write!(text, "  {}", words::seconds(step.elapsed))),
        }
        if step.attempts > 1 {
            let _ = write!(text, ", {} attempts", step.attempts);
        }
        text.push('\n');
        if is_bad(&step.outcome) {
            // A claim that did not hold is told below, with its line.
            if !words::tells_a_claim(step)
                && step.outcome != Outcome::Failed
                && let Some(reason) = words::reason(step)
            {
                let _ = writeln!(text, "    {reason}");
            }
            let runbook = self.runbook.display().to_string();
            for line in words::details_of(&self.lab, &runbook, step).lines() {
                let _ = writeln!(text, "    {line}");
            }
        } else {
            for awaited in words::awaited(step) {
                let _ = writeln!(text, "    {awaited}");
            }
            for note in &step.notes {
                let _ = writeln!(text, "    note: {note}");
            }
        }
        self.line(&text);
    }
}

impl Reporter for Progress {
    fn handle(&mut self, event: &Event<'_>) {
        match event {
            Event::LabStarted {
                lab,
                runbook,
                blocks,
            } => {
                (*lab).clone_into(&mut self.lab);
                (*runbook).clone_into(&mut self.runbook);
                self.planned = *blocks;
                let bold = Style::new().bold();
                self.line(&format!("{bold}{lab}{bold:#}\n"));
            }
            Event::Noted { message } => self.line(&format!("  note: {message}\n")),
            Event::ServicesAwaited => self.show(format!("{}: waiting for the services", self.lab)),
            Event::ServicesReady { elapsed } => {
                self.line(&format!(
                    "  ready     services, after {}\n",
                    words::seconds(*elapsed)
                ));
            }
            Event::StepStarted { block, number, .. } => {
                self.show(format!("{}: {number}/{} {block}", self.lab, self.planned));
            }
            Event::StepPrinted { stream, bytes, .. } => {
                if self.global.verbose {
                    let printed = self.printed.of(*stream, bytes);
                    self.line(&self.secrets.mask(&printed));
                }
            }
            Event::StepRetried { block, attempt } => {
                self.line(&format!(
                    "  again     {block}: attempt {attempt} did not show it yet\n"
                ));
            }
            Event::StepFinished { step } => {
                let rest = self.printed.rest();
                if !rest.is_empty() {
                    self.line(&self.secrets.mask(&rest));
                }
                self.finished(step);
            }
            Event::TeardownStarted => self.show(format!("{}: taking everything down", self.lab)),
            Event::LabFinished { lab } => {
                self.live.finish_and_clear();
                for error in &lab.errors {
                    self.line(&format!("  error     {error}\n"));
                }
            }
            Event::RunFinished { .. } => self.live.finish_and_clear(),
        }
    }
}

fn is_bad(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed | Outcome::Errored(_) | Outcome::TimedOut(_) | Outcome::Cancelled
    )
}

fn mark(outcome: &Outcome) -> (&'static str, Style) {
    let colour = match outcome {
        Outcome::Passed | Outcome::Stopped => AnsiColor::Green,
        Outcome::Failed | Outcome::TimedOut(_) => AnsiColor::Red,
        Outcome::Errored(_) | Outcome::Cancelled => AnsiColor::Magenta,
        Outcome::Skipped(_) => AnsiColor::Yellow,
    };
    (words::outcome(outcome), colour.on_default())
}
