//! `labctl explain LAB [BLOCK…]`: what is played and what is judged, in plain words.

use std::{collections::BTreeMap, fmt::Write as _, process::ExitCode};

use labctl_runbook::{Block, Diagnostic, LineIndex, Plan, VerifyOptions, expect::has_exit_claim};

use super::{lint::findings, run::selection_error};
use crate::{
    args::ExplainArgs, document::Document, error::CliError, library::Library, output, scene::Scene,
};

pub(crate) async fn explain(library: &Library, args: &ExplainArgs) -> Result<ExitCode, CliError> {
    let document = Document::load_to_run(library.resolve(&args.lab)?, true)?;
    let scene = Scene::set(document, args.cwd.cwd.as_deref(), BTreeMap::new()).await?;
    let document = &scene.document;
    let runbook = &document.runbook;
    let mut chosen = Vec::new();
    for name in &args.blocks {
        let found = runbook.find(name);
        chosen.push(found.map_err(|error| selection_error(&error, document))?);
    }
    let plan = Plan::for_verify(runbook, &scene.facts, &VerifyOptions::default());
    let findings = findings(library, &scene)?;
    let explanation = Explanation {
        path: document.lab.runbook.display().to_string(),
        lines: LineIndex::new(&document.source),
        findings: &findings,
    };
    let steps = plan.steps.iter();
    let told = steps
        .filter(|step| chosen.is_empty() || chosen.contains(&step.block))
        .map(|step| explanation.of(&runbook.blocks[step.block], &step.action.to_string()));
    output::text(&told.collect::<Vec<_>>().join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// What is known of all blocks.
struct Explanation<'a> {
    path: String,
    lines: LineIndex<'a>,
    findings: &'a [Diagnostic],
}

impl Explanation<'_> {
    fn of(&self, block: &Block, action: &str) -> String {
        let expectations = &block.expectations;
        let place = |line: usize| format!("{}:{line}", self.path);
        let mut text = format!("{}  {}\n  {action}\n", block.name, place(block.line));
        for (need, _) in &expectations.needs {
            let _ = writeln!(text, "  only if `{need}` has passed");
        }
        if let Some(retry) = expectations.retry {
            let every = humantime::format_duration(retry.every);
            let _ = writeln!(
                text,
                "  again {every} later if it does not pass, {} times in all",
                retry.attempts
            );
        }
        if let Some(until) = &expectations.until {
            let _ = writeln!(text, "  stopped as soon as {}", until.in_plain_words());
        } else if !has_exit_claim(expectations) {
            let _ = writeln!(text, "  - its exit code is 0, as nothing else is said");
        }
        for statement in &expectations.statements {
            let line = self.lines.line(statement.span().start());
            let _ = writeln!(text, "  - {}  {}", statement.in_plain_words(), place(line));
        }
        if expectations.snapshot.is_on() {
            text.push_str(
                "  - what it prints is its accepted snapshot
",
            );
        }
        for finding in self
            .findings
            .iter()
            .filter(|finding| self.is_of(block, finding))
        {
            let line = self.lines.line(finding.span.start());
            let _ = writeln!(text, "  ! {}  {}", finding.message, place(line));
        }
        text
    }

    /// Whether it stands in the block, or in what is said below it.
    fn is_of(&self, block: &Block, finding: &Diagnostic) -> bool {
        let line = self.lines.line(finding.span.start());
        let own = block.line..=block.line + 1 + block.code.lines().count();
        let mut said = block.expectations.statements.iter();
        own.contains(&line) || said.any(|statement| statement.span() == finding.span)
    }
}
