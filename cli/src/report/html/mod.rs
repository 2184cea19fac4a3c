//! `--report html=FILE`: one page for a person, with nothing to load and nothing to run.

mod chart;
mod histogram;
mod load;
mod waterfall;

use labctl_engine::{ClaimReport, LabReport, Outcome, RunReport, SnapshotOutcome, StepReport};
use labctl_runbook::Verdict;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{report::words, watch::DrawnPanel};

const STYLE: &str = include_str!("style.css");

/// What is shown of each stream of a block.
const OUTPUT_BYTES: usize = 16 << 10;

/// The run as a page; `watched`: for each lab what its dashboard showed.
pub(crate) fn html_report(run: &RunReport, watched: &[Vec<DrawnPanel>]) -> String {
    let (word, class) = conclusion(run);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "labctl: " (word) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.maker { "labctl " (env!("CARGO_PKG_VERSION")) }
                    h1 class=(class) { (word) }
                    p { (totals(run)) }
                }
                (overview(run))
                @for (place, lab) in run.labs.iter().enumerate() {
                    (section(lab, watched.get(place).map_or(&[], Vec::as_slice)))
                }
            }
        }
    };
    page.into_string()
}

fn conclusion(run: &RunReport) -> (&'static str, &'static str) {
    match run.exit_code() {
        0 => ("What happened is what the pages say", "passed"),
        1 => ("Something is not what the pages say", "failed"),
        130 => ("Interrupted", "errored"),
        _ => ("It could not be told", "errored"),
    }
}

fn totals(run: &RunReport) -> String {
    let counts = run.counts();
    let played = counts.passed + counts.failed + counts.errored;
    let only = match counts.exit_only {
        0 => String::new(),
        count => format!(", of {count} only the exit code"),
    };
    format!(
        "{played} blocks played, {} skipped; {} of {} claims held{only}; {} of {} snapshots matched",
        counts.skipped,
        counts.expectations_held,
        counts.expectations,
        counts.snapshots_matched,
        counts.snapshots,
    )
}

fn overview(run: &RunReport) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th { "Lab" }
                        @for heading in ["Passed", "Failed", "Errored", "Skipped", "Claims", "Snapshots", "Time"] {
                            th.number { (heading) }
                        }
                    }
                }
                tbody {
                    @for lab in &run.labs {
                        @let counts = lab.counts();
                        tr {
                            td { a href={ "#" (anchor(&lab.lab)) } { (lab.lab) } }
                            td.number { (counts.passed) }
                            td.number.failed[counts.failed > 0] { (counts.failed) }
                            td.number.errored[counts.errored > 0] { (counts.errored) }
                            td.number { (counts.skipped) }
                            td.number { (counts.expectations_held) "/" (counts.expectations) }
                            td.number { (counts.snapshots_matched) "/" (counts.snapshots) }
                            td.number { (words::seconds(lab.elapsed)) }
                        }
                    }
                }
            }
        }
    }
}

fn section(lab: &LabReport, panels: &[DrawnPanel]) -> Markup {
    html! {
        section id=(anchor(&lab.lab)) {
            h2 { (lab.lab) }
            p.place { (lab.runbook.display()) }
            @for error in &lab.errors { p.errored { (error) } }
            @for note in &lab.notes { p.note { (note) } }
            @if !panels.is_empty() {
                details {
                    summary { "What its dashboard showed" }
                    div.panels { @for panel in panels { (chart::chart(panel)) } }
                }
            }
            @for step in &lab.steps { (block(step)) }
        }
    }
}

fn block(step: &StepReport) -> Markup {
    let word = words::outcome(&step.outcome);
    let class = class(&step.outcome);
    let is_open = !step.outcome.is_success() && !matches!(step.outcome, Outcome::Skipped(_));
    let held = step
        .judgements
        .iter()
        .filter(|j| j.verdict == Verdict::Held);
    html! {
        details open[is_open] {
            summary {
                span class={ "badge " (class) } { (word) }
                span.name { (step.block) }
                span.figures {
                    @if !step.judgements.is_empty() { (held.count()) "/" (step.judgements.len()) " · " }
                    @if step.attempts > 1 { (step.attempts) " attempts · " }
                    @if step.attempts > 0 { (words::seconds(step.elapsed)) } @else { "line " (step.line) }
                }
            }
            div.inside {
                @if let Some(reason) = words::reason(step) && !words::tells_a_claim(step) { p class=(class) { (reason) } }
                @if !step.judgements.is_empty() {
                    ul.claims {
                        @for (at, judgement) in step.judgements.iter().enumerate() {
                            // Claims about one trace share its picture.
                            @let next = step.judgements.get(at + 1);
                            (claim(judgement, next.is_none_or(|next| next.spans != judgement.spans)))
                        }
                    }
                }
                @if let Some(snapshot) = &step.snapshot { (compared(snapshot)) }
                @for note in &step.notes { p.note { (note) } }
                @if let Some(seen) = &step.observation {
                    (load::summaries(&seen.stdout.text))
                    (output("Output", &seen.stdout.text))
                    @if is_open { (output("Standard error", &seen.stderr.text)) }
                }
                @if let Some(logs) = &step.service_logs { (output("The services logged meanwhile", logs)) }
            }
        }
    }
}

fn claim(judgement: &ClaimReport, has_picture: bool) -> Markup {
    let (mark, class, seen) = match &judgement.verdict {
        Verdict::Held => ("✓", "passed", None),
        Verdict::Failed(seen) => ("✗", "failed", Some(seen)),
        Verdict::Errored(why) => ("?", "errored", Some(why)),
    };
    html! {
        li {
            span class={ "mark " (class) } { (mark) }
            code { (judgement.claim) }
            @if let Some(after) = judgement.after { span.figures { " after " (words::seconds(after)) } }
            @if let Some(seen) = seen { pre.seen { (seen) } }
            @if has_picture && !judgement.spans.is_empty() {
                details open[judgement.verdict != Verdict::Held] {
                    summary { "the trace" }
                    (waterfall::waterfall(&judgement.spans))
                }
            }
        }
    }
}

fn compared(snapshot: &SnapshotOutcome) -> Markup {
    match snapshot {
        SnapshotOutcome::Matched => html! { p.note { "The output is the accepted one." } },
        SnapshotOutcome::Stale => {
            html! { p.failed { "The snapshot is stale: the block's code has changed." } }
        }
        SnapshotOutcome::New(_) => html! { p.failed { "There is no accepted snapshot." } },
        SnapshotOutcome::Differed { diff, .. } => html! {
            p.failed { "The output differs from the accepted one:" }
            pre.diff {
                @for line in diff.lines() {
                    span class=(match line.as_bytes().first() { Some(b'+') => "added", Some(b'-') => "removed", _ => "same" }) {
                        (line) "\n"
                    }
                }
            }
        },
    }
}

fn output(title: &str, text: &str) -> Markup {
    let text = text.trim_end();
    if text.is_empty() {
        return html! {};
    }
    html! {
        p.title { (title) }
        pre { (cut(text)) }
    }
}

/// The end of a text that is longer than what is shown: a failure shows at the end.
fn cut(text: &str) -> String {
    if text.len() <= OUTPUT_BYTES {
        return text.to_owned();
    }
    let from = (text.len() - OUTPUT_BYTES..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    format!("… {from} bytes before this\n{}", &text[from..])
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed | Outcome::Stopped => "passed",
        Outcome::Failed | Outcome::TimedOut(_) => "failed",
        Outcome::Errored(_) | Outcome::Cancelled => "errored",
        Outcome::Skipped(_) => "skipped",
    }
}

/// A name as part of an address within the page.
fn anchor(name: &str) -> String {
    let part = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("lab-{}", name.chars().map(part).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use labctl_runbook::{ExitStatus, Observation, Output, traces::DrawnSpan};

    use super::*;
    use crate::watch::Line;

    fn step(
        block: &str,
        outcome: Outcome,
        judgements: Vec<ClaimReport>,
        stdout: &str,
    ) -> StepReport {
        StepReport {
            block: block.to_owned(),
            line: 7,
            outcome,
            judgements,
            is_exit_only: false,
            fooled_by: None,
            snapshot: None,
            observation: Some(Observation {
                exit: ExitStatus::Code(0),
                stdout: Output {
                    text: stdout.to_owned(),
                    omitted_bytes: 0,
                },
                stderr: Output::default(),
                duration: Duration::from_millis(30),
            }),
            attempts: 1,
            notes: Vec::new(),
            service_logs: None,
            elapsed: Duration::from_millis(30),
        }
    }

    fn judged(claim: &str, verdict: Verdict, spans: Vec<DrawnSpan>) -> ClaimReport {
        ClaimReport {
            claim: claim.to_owned(),
            line: 9,
            verdict,
            after: None,
            spans,
        }
    }

    fn report() -> String {
        let span = |depth, name: &str, from, took| DrawnSpan {
            depth,
            name: name.to_owned(),
            service: "api".to_owned(),
            from: Duration::from_micros(from),
            took: Duration::from_micros(took),
            is_error: depth == 1,
        };
        let spans = vec![
            span(0, "POST /items", 0, 12_400),
            span(1, "redis_set", 6000, 1800),
        ];
        let load = r#"{"metrics": {"http_req_duration": {"type": "trend", "values":
            {"avg": 2.5, "min": 1, "med": 2, "max": 9, "p(90)": 4, "p(95)": 5}},
            "checks": {"type": "rate", "values": {"rate": 0.5, "passes": 1, "fails": 1},
            "thresholds": {"rate>0.9": {"ok": false}}}}}"#;
        let run = RunReport {
            labs: vec![LabReport {
                lab: "03-write-through".to_owned(),
                runbook: "runbooks/03-write-through.md".into(),
                steps: vec![
                    step(
                        "lie",
                        Outcome::Failed,
                        vec![judged(
                            "stdout == \"<u>\"",
                            Verdict::Failed("got <script>alert(1)</script>".to_owned()),
                            Vec::new(),
                        )],
                        "<script>alert(2)</script>",
                    ),
                    step(
                        "create",
                        Outcome::Passed,
                        vec![judged(
                            "trace api \"POST /items\" exists",
                            Verdict::Held,
                            spans,
                        )],
                        load,
                    ),
                ],
                errors: Vec::new(),
                notes: vec!["a & b".to_owned()],
                elapsed: Duration::from_secs(21),
            }],
            is_interrupted: false,
        };
        let panel = DrawnPanel {
            title: "Hits <i>".to_owned(),
            unit: "ops".to_owned(),
            description: "Per second.".to_owned(),
            lines: vec![Line {
                legend: "hits".to_owned(),
                points: vec![(0.0, 1.0), (5.0, f64::NAN), (10.0, 3.0), (15.0, 2.0)],
            }],
        };
        html_report(&run, &[vec![panel]])
    }

    #[test]
    fn nothing_that_was_printed_becomes_a_part_of_the_page() {
        let page = report();
        assert!(
            !page.contains("<script") && !page.contains("<u>") && !page.contains("<i>"),
            "{page}"
        );
        assert!(page.contains("got &lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(
            !page.contains("http://") && !page.contains("https://"),
            "nothing is loaded"
        );
    }

    #[test]
    fn the_page_shows_what_failed_the_trace_the_load_and_the_curves() {
        let page = report();
        assert!(page.contains("<h1 class=\"failed\">Something is not what the pages say</h1>"));
        assert!(page.contains("1 of 2 claims held"), "{page}");
        let lie = page.split("<details open>").nth(1).unwrap();
        assert!(lie.contains("lie") && lie.contains("got "), "{lie}");
        assert!(
            page.contains("redis_set") && page.contains("1.8 ms"),
            "{page}"
        );
        assert!(
            page.contains("http_req_duration") && page.contains("rate&gt;0.9"),
            "{page}"
        );
        assert!(
            page.contains("Hits &lt;i&gt;") && page.matches("<polyline").count() == 1,
            "{page}"
        );
    }

    #[test]
    fn a_long_output_is_shown_by_its_end() {
        let text = "ä".repeat(OUTPUT_BYTES);
        let shown = cut(&text);
        assert!(
            shown.starts_with("… 16384 bytes before this\nä"),
            "{shown:.60}"
        );
        assert_eq!(cut("short"), "short");
    }
}
