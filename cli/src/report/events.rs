//! `--report events=FILE`: a JSON object a line for each thing that happens, as it happens; `docs/reports.md` says what
//! each one holds.

use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use labctl_engine::{Event, Reporter};
use serde_json::{Value, json};

use super::json;

/// Of what the lines hold; one more for a change that a reader must know of.
const VERSION: u32 = 1;

/// Writes the lines, each whole and at once.
pub(crate) struct EventLines {
    path: PathBuf,
    to: io::Result<Box<dyn io::Write>>,
    began: Instant,
    lab: String,
}

impl EventLines {
    /// The first line is written, if `to` can be written to; whether it can be is told by [`EventLines::finish`].
    pub(crate) fn new(path: &Path, to: io::Result<Box<dyn io::Write>>) -> Self {
        let mut lines = Self {
            path: path.to_owned(),
            to,
            began: Instant::now(),
            lab: String::new(),
        };
        lines.write(&json!({
            "event": "run-started",
            "version": VERSION,
            "labctl": env!("CARGO_PKG_VERSION"),
        }));
        lines
    }

    /// # Errors
    /// A line could not be written, and none since.
    pub(crate) fn finish(self) -> Result<(), (PathBuf, io::Error)> {
        self.to.map(drop).map_err(|error| (self.path, error))
    }

    fn write(&mut self, event: &Value) {
        let mut line = event.clone();
        line["at"] = json!(self.began.elapsed().as_secs_f64());
        if let Ok(to) = &mut self.to
            && let Err(error) = to.write_all(format!("{line}\n").as_bytes())
        {
            self.to = Err(error);
        }
    }
}

impl Reporter for EventLines {
    fn handle(&mut self, event: &Event<'_>) {
        let line = match event {
            Event::LabStarted {
                lab,
                runbook,
                blocks,
            } => {
                (*lab).clone_into(&mut self.lab);
                json!({"event": "lab-started", "lab": lab, "runbook": runbook.display().to_string(), "blocks": blocks})
            }
            Event::Noted { message } => {
                json!({"event": "noted", "lab": self.lab, "message": message})
            }
            Event::ServicesAwaited => json!({"event": "services-awaited", "lab": self.lab}),
            Event::ServicesReady { elapsed } => {
                json!({"event": "services-ready", "lab": self.lab, "seconds": elapsed.as_secs_f64()})
            }
            Event::StepStarted {
                block,
                number,
                line,
            } => {
                json!({"event": "block-started", "lab": self.lab, "block": block, "number": number, "line": line})
            }
            // All that is kept of it comes when the block is over.
            Event::StepPrinted { .. } => return,
            Event::StepRetried { block, attempt } => {
                json!({"event": "block-retried", "lab": self.lab, "block": block, "attempt": attempt})
            }
            Event::StepFinished { step } => {
                json!({"event": "block-finished", "lab": self.lab, "result": json::step(step)})
            }
            Event::TeardownStarted => json!({"event": "teardown-started", "lab": self.lab}),
            Event::LabFinished { lab } => json!({
                "event": "lab-finished", "lab": lab.lab, "seconds": lab.elapsed.as_secs_f64(),
                "errors": lab.errors, "notes": lab.notes,
            }),
            Event::RunFinished { run } => {
                json!({"event": "run-finished", "interrupted": run.is_interrupted, "exit_code": run.exit_code()})
            }
        };
        self.write(&line);
    }
}
