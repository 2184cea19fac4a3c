//! All that is told of a run: on the terminal as it goes, in the reports asked for.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use labctl_engine::{Event, Reporter, RunReport, Secrets};

use crate::{
    args::{Global, ReportFile, ReportFormat},
    error::CliError,
    report::{events::EventLines, github, html, json, junit, progress::Progress, tap},
    watch::DrawnPanel,
};

/// Standard output, where a file is asked for.
const STDOUT: &str = "-";

/// What is told as it happens.
pub(in crate::commands) struct Reporters {
    progress: Progress,
    events: Vec<EventLines>,
}

impl Reporters {
    pub(in crate::commands) fn new(global: Global, reports: &[ReportFile]) -> Self {
        let events = reports
            .iter()
            .filter(|report| report.format == ReportFormat::Events);
        Self {
            progress: Progress::new(global),
            events: events
                .map(|report| EventLines::new(&report.path, open(&report.path)))
                .collect(),
        }
    }

    /// From now on these are masked in what blocks print.
    pub(super) fn mask(&mut self, secrets: Secrets) {
        self.progress.mask(secrets);
    }

    /// Writes the reports of the whole run; `watched`: what each lab's dashboard showed.
    ///
    /// # Errors
    /// One cannot be written; the others are.
    pub(super) fn write(
        self,
        run: &RunReport,
        watched: &[Vec<DrawnPanel>],
        reports: &[ReportFile],
    ) -> Result<(), CliError> {
        let mut failed = None;
        for ReportFile { format, path } in reports {
            let text = match format {
                ReportFormat::Json => json::json_report(run),
                ReportFormat::Junit => junit::junit_report(run),
                ReportFormat::Html => html::html_report(run, watched),
                ReportFormat::Tap => tap::tap_report(run),
                ReportFormat::Github => github::github_report(run),
                ReportFormat::Events => continue,
            };
            if let Err(source) = open(path).and_then(|mut to| to.write_all(text.as_bytes())) {
                failed.get_or_insert(error(path, source));
            }
        }
        for lines in self.events {
            if let Err((path, source)) = lines.finish() {
                failed.get_or_insert(error(&path, source));
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

impl Reporter for Reporters {
    fn handle(&mut self, event: &Event<'_>) {
        self.progress.handle(event);
        for lines in &mut self.events {
            lines.handle(event);
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn io::Write>> {
    if path == Path::new(STDOUT) {
        return Ok(Box::new(io::stdout()));
    }
    Ok(Box::new(fs::File::create(path)?))
}

fn error(path: &Path, source: io::Error) -> CliError {
    CliError::Write {
        path: PathBuf::from(path),
        source,
    }
}
