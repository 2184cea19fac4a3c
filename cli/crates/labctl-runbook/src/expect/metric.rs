//! `metric (SERIES | "PROMQL") [delta]`: reading it, what may be said of it, and whether the page says where to look.

use super::{
    Subject,
    claim::{Predicate, Value},
    cursor::Cursor,
    select::NoSelection,
    words,
};
use serde_json::Value as Json;

use crate::{
    Diagnostic, Runbook, Span,
    metrics::{MetricObservation, Operator, Sample, Selector, SelectorError, json, selector},
};

type Parsed<T> = Result<T, Diagnostic>;

/// `metric EXPR [delta]`.
#[derive(Debug, Clone)]
pub struct MetricSubject {
    /// Which values.
    pub expr: MetricExpr,
    /// Their change from just before the block, not what they are.
    pub is_delta: bool,
    /// Where the expression stands in the document.
    pub span: Span,
}

/// The same values are meant, wherever it is written.
impl PartialEq for MetricSubject {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr && self.is_delta == other.is_delta
    }
}

impl Eq for MetricSubject {}

/// Which values, and who has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricExpr {
    /// Series on the services' own `/metrics` pages.
    Series(Selector),
    /// A query that Prometheus answers.
    Query(String),
}

/// What other tools call it.
const NOT_DELTA: [&str; 5] = ["change", "increase", "diff", "difference", "rate"];

/// `EXPR [delta]`; the word `metric` has been read.
pub(super) fn subject(cursor: &mut Cursor<'_>) -> Parsed<MetricSubject> {
    cursor.skip_blanks();
    let from = cursor.position();
    let expr = expr(cursor)?;
    let span = cursor.span_from(from);
    let word = cursor.peek_word();
    let is_predicate = word == "not" || words::PREDICATES.contains(&word);
    let is_meant = NOT_DELTA.contains(&word) || crate::nearest_word(word, ["delta"]).is_some();
    if word != "delta" && !is_predicate && is_meant {
        let message = format!("unknown word `{word}`");
        return Err(
            Diagnostic::error("unknown-word", cursor.span(word.len()), message)
                .with_help("did you mean `delta`?"),
        );
    }
    Ok(MetricSubject {
        expr,
        is_delta: cursor.eat_word("delta"),
        span,
    })
}

fn expr(cursor: &mut Cursor<'_>) -> Parsed<MetricExpr> {
    let rest = cursor.rest();
    if rest.starts_with('"') {
        let span = cursor.word_span();
        return match cursor.json("a query")? {
            serde_json::Value::String(query) if !query.trim().is_empty() => {
                Ok(MetricExpr::Query(query))
            }
            _ => Err(Diagnostic::error("missing-word", span, "which query?")
                .with_help("PromQL in the quotes: `metric \"sum(up)\" == 2`")),
        };
    }
    let start = cursor.span(0).start();
    let (selector, length) = selector(rest).map_err(|error| {
        let SelectorError { at, message, help } = error;
        let span = Span::new(start + at.start, start + at.end);
        Diagnostic::error("bad-value", span, message).with_help(help)
    })?;
    let ends_well = rest[length..]
        .chars()
        .next()
        .is_none_or(|next| next.is_whitespace() || "=!<>".contains(next));
    if selector.name.is_empty() || !ends_well {
        return Err(no_series(cursor));
    }
    cursor.eat(&rest[..length]);
    Ok(MetricExpr::Series(selector))
}

/// What stands where a series belongs.
fn no_series(cursor: &mut Cursor<'_>) -> Diagnostic {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    let is_nothing = word.is_empty() || words::PREDICATES.contains(&word);
    if is_nothing {
        return Diagnostic::error("missing-word", span, "which metric?").with_help(
            "its name, labels if need be: `metric http_requests_total{method=\"GET\"} delta == 1`",
        );
    }
    let error = Diagnostic::error("bad-value", span, format!("`{word}` names no series"));
    if word.contains(['(', '[', '+', '*', '/']) {
        error.with_help("PromQL goes in double quotes: `metric \"sum(rate(hits_total[1m]))\" > 0`")
    } else {
        error.with_help("letters, digits, `_` and `:`, then labels: `hits_total{method=\"GET\"}`")
    }
}

/// Only a number can be compared with a value.
pub(super) fn check_value(value: &Value, span: Span) -> Parsed<()> {
    match value {
        Value::Literal(literal) if !literal.is_number() => {
            Err(
                Diagnostic::error("bad-claim", span, "a metric's value is a number")
                    .with_help("in its own unit, mostly seconds or bytes: `== 1`, `< 0.25`"),
            )
        }
        _ => Ok(()),
    }
}

/// `>= 0` of what can only grow.
pub(super) fn holds_of_any_value(metric: &MetricSubject, predicate: &Predicate) -> bool {
    let is_counter = match &metric.expr {
        MetricExpr::Series(selector) => ["_total", "_count", "_bucket"]
            .iter()
            .any(|end| selector.name.ends_with(end)),
        MetricExpr::Query(_) => false,
    };
    (metric.is_delta || is_counter) && matches!(predicate, Predicate::Compare(..))
}

/// The values that are meant, or their changes.
pub(super) fn values(
    subject: &MetricSubject,
    seen: &MetricObservation,
) -> Result<Vec<Json>, NoSelection> {
    let after = subject.chosen(&seen.samples);
    if !subject.is_delta {
        return Ok(after.map(|sample| json(sample.value)).collect());
    }
    let before = match &seen.before {
        Some(Ok(before)) => before,
        Some(Err(why)) => return Err(NoSelection::Unknown(format!("before the block: {why}"))),
        None => {
            let why = "it was not read before the block";
            return Err(NoSelection::Unknown(why.to_owned()));
        }
    };
    let change = |sample: &Sample| {
        let earlier = before.iter().find(|earlier| earlier.is_same_series(sample));
        match earlier {
            Some(earlier) => Ok(json(sample.value - earlier.value)),
            None => Err(NoSelection::Certain(format!(
                "`{}` was not there before the block",
                sample.series()
            ))),
        }
    };
    after.map(change).collect()
}

/// What there was to choose from, where not exactly one series is meant.
pub(super) fn choice(subject: &MetricSubject, seen: &MetricObservation) -> Option<String> {
    const SHOWN: usize = 5;
    let chosen: Vec<&Sample> = subject.chosen(&seen.samples).collect();
    let (what, listed) = match (&chosen[..], &subject.expr) {
        ([_], _) | ([], MetricExpr::Query(_)) => return None,
        ([], MetricExpr::Series(selector)) => {
            let others = seen
                .samples
                .iter()
                .filter(|sample| sample.name == selector.name);
            ("others of that name", others.collect())
        }
        (_, _) => ("they are", chosen),
    };
    if let ([], MetricExpr::Series(selector)) = (&listed[..], &subject.expr) {
        let names = seen.samples.iter().map(|sample| sample.name.as_str());
        let near = crate::nearest_word(&selector.name, names)?;
        return Some(format!("there is a metric `{near}`"));
    }
    let mut shown: Vec<_> = listed.iter().take(SHOWN).map(ToString::to_string).collect();
    if listed.len() > SHOWN {
        shown.push(format!("… ({} in all)", listed.len()));
    }
    Some(format!("{what}: {}", shown.join(", ")))
}

impl MetricSubject {
    /// The samples that are meant; all that a query gave.
    fn chosen<'s>(&self, samples: &'s [Sample]) -> impl Iterator<Item = &'s Sample> {
        samples.iter().filter(|sample| match &self.expr {
            MetricExpr::Series(selector) => selector.selects(sample),
            MetricExpr::Query(_) => true,
        })
    }
}

/// An error for each claim about metrics of which the page does not say where they are.
pub(crate) fn check_sources(runbook: &Runbook) -> Vec<Diagnostic> {
    let blocks = runbook.blocks.iter();
    let statements = blocks.flat_map(|block| &block.expectations.statements);
    statements
        .filter_map(|statement| match statement.subject() {
            Subject::Metric(metric) => check_source(runbook, metric),
            _ => None,
        })
        .collect()
}

fn check_source(runbook: &Runbook, metric: &MetricSubject) -> Option<Diagnostic> {
    let defaults = &runbook.front_matter.labctl;
    let error = |message: String| Diagnostic::error("no-metrics", metric.span, message);
    match &metric.expr {
        MetricExpr::Query(_) => defaults.prometheus.is_none().then(|| {
            error("the page does not say where its Prometheus is".to_owned()).with_help(
                "in its front matter, under `labctl:`: `prometheus: http://localhost:9090`",
            )
        }),
        MetricExpr::Series(_) if defaults.metrics.is_empty() => Some(
            error("the page does not say where its metrics are".to_owned()).with_help(
                "in its front matter, under `labctl:`: `metrics: http://localhost:8000/metrics`",
            ),
        ),
        MetricExpr::Series(selector) => {
            let jobs: Vec<&str> = defaults
                .metrics
                .iter()
                .filter_map(|source| source.job.as_deref())
                .collect();
            let wanted = selector.matchers.iter().find(|matcher| {
                matcher.label == "job"
                    && matcher.operator == Operator::Equal
                    && !jobs.contains(&matcher.value.as_str())
            })?;
            if jobs.is_empty() {
                return None;
            }
            let help = match crate::nearest_word(&wanted.value, jobs.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", jobs.join(", ")),
            };
            let message = format!("the page names no metrics of a job `{}`", wanted.value);
            Some(error(message).with_help(help))
        }
    }
}
