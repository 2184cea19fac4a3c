//! Keeps `docs/runbook-format.md` true: every example in it parses, every wrong one gives the error that stands below
//! it, and every row of its tables of claims and redactions does what the row says.

mod sketch;

use std::time::Duration;

use labctl_runbook::{
    Captures, ExitStatus, HttpObservation, MetricObservation, Observation, Output, Runbook,
    ServiceObservation, Severity, Verdict,
    expect::{Expectations, Statement, Subject, judge},
    metrics::exposition,
    redact,
};
use sketch::sketch;

const PAGE: &str = include_str!("../../../../docs/runbook-format.md");

/// An example of the page: a fence of four backticks.
#[derive(Debug)]
struct Example {
    /// The line of its fence, from 1.
    line: usize,
    /// What follows `markdown` on the fence.
    kind: String,
    text: String,
    /// What stands in the `text` fence right after it.
    below: Option<String>,
}

fn examples() -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut lines = PAGE.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let mut body = |end: &str| -> String {
            let inside = lines.by_ref().take_while(|(line, _)| *line != end);
            inside.flat_map(|(line, _)| [line, "\n"]).collect()
        };
        if let Some(kind) = line.strip_prefix("````markdown") {
            found.push(Example {
                line: number,
                kind: kind.trim().to_owned(),
                text: body("````"),
                below: None,
            });
        } else if line == "```text" {
            let text = body("```");
            if let Some(last) = found.last_mut() {
                last.below.get_or_insert(text);
            }
        }
    }
    found
}

/// Each error as the page shows it: the message, and a line `help: …`.
fn errors(runbook: &Runbook) -> String {
    let mut text = String::new();
    let found = runbook.diagnostics.iter();
    for error in found.filter(|finding| finding.severity == Severity::Error) {
        text.extend([&error.message, "\n"]);
        if let Some(help) = &error.help {
            text.extend(["help: ", help, "\n"]);
        }
    }
    text
}

#[test]
fn every_example_parses_without_a_finding() {
    let examples = examples();
    assert!(examples.len() > 10, "{}", examples.len());
    for example in examples.iter().filter(|example| example.kind != "wrong") {
        let runbook = Runbook::parse(&example.text);
        assert_eq!(runbook.diagnostics, [], "line {}", example.line);
        assert!(!runbook.blocks.is_empty(), "line {}", example.line);
    }
}

#[test]
fn every_wrong_example_gives_the_error_below_it() {
    for example in examples() {
        let below = example.below.unwrap_or_default();
        if example.kind == "wrong" {
            let runbook = Runbook::parse(&example.text);
            assert_eq!(errors(&runbook), below, "line {}", example.line);
        } else {
            let known = ["", "verify"].contains(&example.kind.as_str());
            assert!(known, "line {}: {}", example.line, example.kind);
        }
    }
}

/// A row of a table; each cell in backticks, `\n` is a line break, `\|` a bar.
struct Row<const N: usize> {
    line: usize,
    cells: [String; N],
}

/// The rows of every table with this header.
fn rows<const N: usize>(header: &str) -> Vec<Row<N>> {
    let mut found = Vec::new();
    let mut is_in_table = false;
    for (line, number) in PAGE.lines().zip(1..) {
        if !line.starts_with('|') {
            is_in_table = false;
        } else if line == header {
            is_in_table = true;
        } else if is_in_table && !line.starts_with("|--") {
            let bare = line.replace("\\|", "\u{1}");
            let cells: Vec<String> = bare
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').trim().replace('\u{1}', "|"))
                .collect();
            let cells = cells.try_into().unwrap_or_else(|cells| {
                panic!("line {number}: {cells:?}");
            });
            found.push(Row {
                line: number,
                cells,
            });
        }
    }
    found
}

/// What a comment of this one line says.
#[track_caller]
fn expectations(line: &str) -> Expectations {
    let page = format!("```bash\ntrue\n```\n<!-- expect\n{line}\n-->\n");
    let mut runbook = Runbook::parse(&page);
    assert_eq!(runbook.diagnostics, [], "{line}");
    runbook.blocks.remove(0).expectations
}

/// What a block gave that printed `seen`, or ended with it, or took it, whichever the claim speaks of.
fn observed(subject: &Subject, seen: &str) -> Observation {
    let output = |text: &str| Output {
        text: text.replace("\\n", "\n"),
        omitted_bytes: 0,
    };
    let (exit, duration, stdout, stderr) = match subject {
        Subject::Exit => (seen, "1s", "", ""),
        Subject::Duration => ("0", seen, "", ""),
        Subject::Stderr => ("0", "1s", "", seen),
        _ => ("0", "1s", seen, ""),
    };
    Observation {
        exit: ExitStatus::Code(exit.parse().expect("an exit code")),
        stdout: output(stdout),
        stderr: output(stderr),
        duration: seconds(duration),
    }
}

/// `2s`, `0.25s`.
fn seconds(text: &str) -> Duration {
    let number = text.trim_end_matches('s').parse().expect("seconds");
    Duration::from_secs_f64(number)
}

#[test]
fn every_claim_of_the_tables_holds_fails_and_says_so() {
    let rows = rows::<4>("| claim | holds of | fails of | and says |");
    assert!(rows.len() > 20, "{}", rows.len());
    for Row { line, cells } in rows {
        let [claim, good, bad, says] = &cells;
        let expectations = expectations(claim);
        let [Statement::Claim(claim)] = &expectations.statements[..] else {
            panic!("line {line}: no claim")
        };
        let statement = Statement::Claim(claim.clone());
        let verdict = |seen| {
            judge(
                &statement,
                &observed(&claim.subject, seen),
                &mut Captures::default(),
            )
        };
        assert_eq!(verdict(good), Verdict::Held, "line {line}: {}", claim.text);
        let failed = Verdict::Failed(says.clone());
        assert_eq!(verdict(bad), failed, "line {line}: {}", claim.text);
    }
}

/// What was seen of a service: `state=running; health=healthy; restarts=1; exit=1; logs=a\nb`.
fn seen_service(text: &str) -> ServiceObservation {
    let mut seen = ServiceObservation::default();
    for part in text.split("; ") {
        let (what, value) = part.split_once('=').expect("what=value");
        match what {
            "state" => value.clone_into(&mut seen.state),
            "exit" => seen.exit_code = Some(value.parse().expect("an exit code")),
            "health" => seen.health = Some(value.to_owned()),
            "restarts" => seen.restarts = Some(value.parse().expect("a number")),
            "logs" => {
                seen.logs = Some(Output {
                    text: value.replace("\\n", "\n"),
                    omitted_bytes: 0,
                });
            }
            other => panic!("no service has a {other}"),
        }
    }
    seen
}

#[test]
fn every_claim_about_a_service_holds_fails_and_says_so() {
    let rows = rows::<4>("| service claim | holds of | fails of | and says |");
    assert!(rows.len() > 5, "{}", rows.len());
    for Row { line, cells } in rows {
        let [claim, good, bad, says] = &cells;
        let expectations = expectations(claim);
        let statement = &expectations.statements[0];
        let verdict = |seen| judge(statement, &seen_service(seen), &mut Captures::default());
        assert_eq!(verdict(good), Verdict::Held, "line {line}: {claim}");
        let failed = Verdict::Failed(says.clone());
        assert_eq!(verdict(bad), failed, "line {line}: {claim}");
    }
}

/// What was answered: `status=200; header=x-cache: hit; body={"a": 1}`.
fn seen_answer(text: &str) -> HttpObservation {
    let mut seen = HttpObservation::default();
    for part in text.split("; ") {
        let (what, value) = part.split_once('=').expect("what=value");
        match what {
            "status" => seen.status = value.parse().expect("a status"),
            "header" => {
                let (name, value) = value.split_once(": ").expect("name: value");
                seen.headers.push((name.to_owned(), value.to_owned()));
            }
            "body" => seen.body.text = value.replace("\\n", "\n"),
            other => panic!("no answer has a {other}"),
        }
    }
    seen
}

#[test]
fn every_claim_about_an_answer_holds_fails_and_says_so() {
    let rows = rows::<4>("| http claim | holds of | fails of | and says |");
    assert!(rows.len() > 5, "{}", rows.len());
    for Row { line, cells } in rows {
        let [claim, good, bad, says] = &cells;
        let expectations = expectations(claim);
        let statement = &expectations.statements[0];
        let verdict = |seen| judge(statement, &seen_answer(seen), &mut Captures::default());
        assert_eq!(verdict(good), Verdict::Held, "line {line}: {claim}");
        let failed = Verdict::Failed(says.clone());
        assert_eq!(verdict(bad), failed, "line {line}: {claim}");
    }
}

#[test]
fn every_claim_about_a_metric_holds_fails_and_says_so() {
    let rows = rows::<4>("| metric claim | holds of | fails of | and says |");
    assert!(rows.len() > 5, "{}", rows.len());
    for Row { line, cells } in rows {
        let [claim, good, bad, says] = &cells;
        let page = format!(
            "---\nlabctl: {{metrics: 'http://x/'}}\n---\n\n```bash\ntrue\n```\n<!-- expect\n{claim}\n-->\n"
        );
        let runbook = Runbook::parse(&page);
        assert_eq!(runbook.diagnostics, [], "line {line}: {claim}");
        let statement = &runbook.blocks[0].expectations.statements[0];
        let verdict = |seen: &str| {
            let seen = MetricObservation {
                samples: exposition(&seen.replace("\\n", "\n")).expect("samples"),
                before: None,
            };
            judge(statement, &seen, &mut Captures::default())
        };
        assert_eq!(verdict(good), Verdict::Held, "line {line}: {claim}");
        let failed = Verdict::Failed(says.clone());
        assert_eq!(verdict(bad), failed, "line {line}: {claim}");
    }
}

#[test]
fn every_claim_about_a_trace_holds_fails_and_says_so() {
    let rows = rows::<4>("| trace claim | holds of | fails of | and says |");
    assert!(rows.len() > 5, "{}", rows.len());
    for Row { line, cells } in rows {
        let [claim, good, bad, says] = &cells;
        let expectations = expectations(claim);
        let statement = &expectations.statements[0];
        let verdict = |seen: &str| judge(statement, &sketch(seen), &mut Captures::default());
        assert_eq!(verdict(good), Verdict::Held, "line {line}: {claim}");
        let Verdict::Failed(told) = verdict(bad) else {
            panic!("line {line}: {claim}")
        };
        // The tree is drawn below.
        assert_eq!(
            told.lines().next(),
            Some(says.as_str()),
            "line {line}: {claim}"
        );
    }
}

#[test]
fn every_redaction_of_the_table_hides_what_it_says() {
    let rows = rows::<3>("| redaction | printed | recorded |");
    assert!(rows.len() > 7, "{}", rows.len());
    for Row { line, cells } in rows {
        let [rule, printed, recorded] = &cells;
        let redacted = redact(printed, &expectations(rule).redactions);
        assert_eq!(redacted.as_ref(), Ok(recorded), "line {line}: {rule}");
    }
}
