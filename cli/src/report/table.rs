//! What `verify` ends with: one table, a line for each skip with its reason and for each failure with its place.

use std::{collections::BTreeMap, fmt::Write as _};

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use labctl_engine::RunReport;

use crate::report::words;

/// The table and the lines under it.
pub(crate) fn table(run: &RunReport) -> String {
    let mut text = format!("\n{}\n", grid(run));
    for lab in &run.labs {
        for step in &lab.steps {
            if let Some(reason) = words::reason(step) {
                let place = format!("{}:{}", lab.runbook.display(), step.line);
                let _ = writeln!(
                    text,
                    "{} {place} {}: {reason}",
                    words::outcome(&step.outcome),
                    step.block
                );
            }
        }
        for error in &lab.errors {
            let _ = writeln!(
                text,
                "errored {}: {}",
                lab.runbook.display(),
                error.lines().next().unwrap_or_default()
            );
        }
    }
    exit_only(run, &mut text);
    weak(run, &mut text);
    flaky(run, &mut text);
    let _ = writeln!(text, "{}", conclusion(run));
    text
}

fn grid(run: &RunReport) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "lab",
        "passed",
        "failed",
        "errored",
        "skipped",
        "exit only",
        "expectations",
        "snapshots",
        "time",
    ]);
    for lab in &run.labs {
        let counts = lab.counts();
        table.add_row([
            lab.lab.clone(),
            counts.passed.to_string(),
            counts.failed.to_string(),
            counts.errored.to_string(),
            counts.skipped.to_string(),
            counts.exit_only.to_string(),
            format!("{}/{}", counts.expectations_held, counts.expectations),
            format!("{}/{}", counts.snapshots_matched, counts.snapshots),
            words::seconds(lab.elapsed),
        ]);
    }
    for column in 1..9 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The blocks of which nothing but the exit code was judged: their green says little, so they are named.
fn exit_only(run: &RunReport, text: &mut String) {
    for lab in &run.labs {
        let names: Vec<_> = lab
            .steps
            .iter()
            .filter(|step| step.is_exit_only)
            .map(|step| step.block.as_str())
            .collect();
        if !names.is_empty() {
            let _ = writeln!(text, "exit only {}: {}", lab.lab, names.join(", "));
        }
    }
}

/// The blocks whose claims would not notice if another block's output were printed.
fn weak(run: &RunReport, text: &mut String) {
    for lab in &run.labs {
        for step in &lab.steps {
            if let Some(other) = &step.fooled_by {
                let (place, block) = (lab.runbook.display(), &step.block);
                let _ = writeln!(
                    text,
                    "weak {place}:{} {block}: all it claims holds of what `{other}` printed, too",
                    step.line
                );
            }
        }
    }
}

/// The blocks that passed at one time and not at another.
fn flaky(run: &RunReport, text: &mut String) {
    let mut times: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    for lab in &run.labs {
        for step in lab.steps.iter().filter(|step| step.attempts > 0) {
            let (passed, all) = times.entry((&lab.lab, &step.block)).or_default();
            *passed += usize::from(step.outcome.is_success());
            *all += 1;
        }
    }
    for ((lab, block), (passed, all)) in times {
        if 0 < passed && passed < all {
            let _ = writeln!(text, "flaky {lab}/{block}: passed {passed} of {all} times");
        }
    }
}

fn conclusion(run: &RunReport) -> String {
    if run.is_interrupted {
        return "interrupted; everything was taken down".to_owned();
    }
    let ran = run
        .labs
        .iter()
        .flat_map(|lab| &lab.steps)
        .filter(|step| step.attempts > 0)
        .count();
    match run.exit_code() {
        0 => format!(
            "passed: {ran} {} ran, and what happened is what the page says",
            if ran == 1 { "block" } else { "blocks" }
        ),
        1 => "failed: what happened is not what the page says".to_owned(),
        _ => "errored: it could not be told whether the page is right".to_owned(),
    }
}
