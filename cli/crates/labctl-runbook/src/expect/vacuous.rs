//! Claims that prove nothing, and names that nobody captured.

use std::{collections::BTreeSet, time::Duration};

use super::{
    claim::{Aspect, Claim, Comparison, Expectations, Predicate, Statement, Subject, Value},
    http::HttpPart,
    judge::{Evidence, evaluate},
    metric, trace,
};
use crate::{
    Block, Captures, Diagnostic, ExitStatus, HttpObservation, MetricObservation, Observation,
    Output, ServiceObservation, Span, TraceObservation, Verdict,
};

/// Whether a claim about output would also hold of a block that prints nothing.
pub fn is_vacuous(claim: &Claim) -> bool {
    if matches!(claim.subject, Subject::Exit | Subject::Duration) {
        return false;
    }
    if claim.subject.is_service(&[Aspect::Restarts]) {
        return holds_of_any_count(claim);
    }
    if let Subject::Metric(metric) = &claim.subject {
        return match claim.predicate {
            Predicate::Count(..) => holds_of_nothing(claim) && !is_about_nothing(claim),
            _ => metric::holds_of_any_value(metric, &claim.predicate) && holds_of_any_count(claim),
        };
    }
    if let Subject::Trace(asked) = &claim.subject
        && trace::holds_of_any_value(&asked.part)
    {
        return holds_of_any_count(claim);
    }
    if let Subject::Http(asked) = &claim.subject {
        match asked.part {
            HttpPart::Status => return holds_of_any_status(claim),
            // That an answer came at all is something: no header is news of it.
            HttpPart::Header(_) => return false,
            HttpPart::Body | HttpPart::Json(_) => {}
        }
    }
    !is_about_nothing(claim) && holds_of_nothing(claim)
}

/// That nothing is printed may be just what is to be shown.
fn is_about_nothing(claim: &Claim) -> bool {
    !claim.is_negated
        && matches!(
            &claim.predicate,
            Predicate::Compare(Comparison::Equal, Value::Literal(_), _)
                | Predicate::Is(super::TypeName::Empty)
                | Predicate::Count(Comparison::Equal, _)
        )
}

/// `restarts >= 0`, `restarts not < 0`: however often it was.
fn holds_of_any_count(claim: &Claim) -> bool {
    let Predicate::Compare(comparison, value, _) = &claim.predicate else {
        return false;
    };
    let is_zero = match value {
        Value::Literal(literal) => literal.as_f64() == Some(0.0),
        Value::Duration(duration) => duration.is_zero(),
        Value::Capture(_) => false,
    };
    let sign = match comparison {
        Comparison::GreaterOrEqual => true,
        Comparison::Less => false,
        _ => return false,
    };
    is_zero && sign != claim.is_negated
}

/// `status >= 100`: whatever was answered.
fn holds_of_any_status(claim: &Claim) -> bool {
    (100..=599).all(|status| {
        let answer = HttpObservation {
            status,
            ..HttpObservation::default()
        };
        evaluate(claim, &answer, &Captures::default()) == Verdict::Held
    })
}

/// Whether a claim holds of a block that prints nothing and a service that logs nothing, whatever was captured.
pub(super) fn holds_of_nothing(claim: &Claim) -> bool {
    let nothing = Observation {
        exit: ExitStatus::Code(0),
        stdout: Output::default(),
        stderr: Output::default(),
        duration: Duration::ZERO,
    };
    let mut captures = Captures::default();
    if let Predicate::Compare(_, Value::Capture(name), _)
    | Predicate::Contains(Value::Capture(name)) = &claim.predicate
    {
        captures.insert(name.clone(), "captured".into());
    }
    let silent = ServiceObservation {
        logs: Some(Output::default()),
        ..ServiceObservation::default()
    };
    let (empty, no_metrics) = (HttpObservation::default(), MetricObservation::default());
    let no_spans = TraceObservation::default();
    let evidence = match &claim.subject {
        Subject::Service(service) if service.aspect == Aspect::Logs => Evidence::Service(&silent),
        Subject::Http(_) => Evidence::Http(&empty),
        Subject::Metric(_) => Evidence::Metric(&no_metrics),
        Subject::Trace(_) => Evidence::Trace(&no_spans),
        _ => Evidence::Block(&nothing),
    };
    evaluate(claim, evidence, &captures) == Verdict::Held
}

/// Whether the author says what the exit code must be.
pub fn has_exit_claim(expectations: &Expectations) -> bool {
    expectations.statements.iter().any(
        |statement| matches!(statement, Statement::Claim(claim) if matches!(claim.subject, Subject::Exit)),
    )
}

/// Whether more of the block is judged than how it exits.
pub fn judges_more_than_exit(expectations: &Expectations) -> bool {
    let is_more = |statement: &Statement| match statement {
        Statement::Claim(claim) => !matches!(claim.subject, Subject::Exit),
        Statement::Capture(_) => false,
    };
    expectations.until.is_some() || expectations.statements.iter().any(is_more)
}

/// An error for each `$name` that nothing before it captures.
pub(crate) fn check_captures(blocks: &[Block]) -> Vec<Diagnostic> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for block in blocks {
        let expectations = &block.expectations;
        for statement in &expectations.statements {
            found.extend(unknown_in_url(statement.subject(), &known));
            match statement {
                Statement::Claim(claim) => found.extend(unknown(claim, &known)),
                Statement::Capture(capture) => drop(known.insert(&capture.name)),
            }
        }
        found.extend(
            expectations
                .until
                .iter()
                .filter_map(|claim| unknown(claim, &known)),
        );
    }
    found
}

fn unknown(claim: &Claim, known: &BTreeSet<&str>) -> Option<Diagnostic> {
    let (Predicate::Compare(_, Value::Capture(name), _)
    | Predicate::Contains(Value::Capture(name))) = &claim.predicate
    else {
        return None;
    };
    if known.contains(name.as_str()) {
        return None;
    }
    let place = format!("${name}");
    let span = claim.text.rfind(&place).map_or(claim.span, |at| {
        let start = claim.span.start() + at;
        Span::new(start, start + place.len())
    });
    Some(not_captured(name, span, known, |name| format!("${name}")))
}

fn unknown_in_url(subject: &Subject, known: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let Subject::Http(asked) = subject else {
        return Vec::new();
    };
    let names = asked.url.captures();
    names
        .filter(|(name, _)| !known.contains(name))
        .map(|(name, span)| not_captured(name, span, known, |name| format!("${{{name}}}")))
        .collect()
}

/// `written`: how a captured value is written there.
fn not_captured(
    name: &str,
    span: Span,
    known: &BTreeSet<&str>,
    written: fn(&str) -> String,
) -> Diagnostic {
    let help = match crate::nearest_word(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{}`?", written(near)),
        None => format!("an earlier line must say `capture {name} = …`"),
    };
    let message = format!("nothing before this captures `{name}`");
    Diagnostic::error("unknown-capture", span, message).with_help(help)
}
