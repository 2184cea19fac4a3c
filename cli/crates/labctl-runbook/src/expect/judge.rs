//! Whether a claim holds of an observation.

use serde_json::Value as Json;

use super::claim::RedactionKind;
use super::{
    claim::{
        Aspect, Capture, Claim, Comparison, Predicate, Quantifier, Statement, Subject, TypeName,
        Value,
    },
    compare,
    http::HttpPart,
    metric,
    select::{NoSelection, Selected, not_kept},
    trace,
};
use crate::{
    Captures, HttpObservation, MetricObservation, Observation, ServiceObservation,
    TraceObservation, Verdict, redact::is_of_kind,
};

/// What a statement is judged on: which it must be, its subject says.
#[derive(Debug, Clone, Copy)]
pub enum Evidence<'a> {
    /// What the block gave.
    Block(&'a Observation),
    /// The service that the subject names.
    Service(&'a ServiceObservation),
    /// What was answered to the question that the subject asks.
    Http(&'a HttpObservation),
    /// The metrics that the subject chooses from.
    Metric(&'a MetricObservation),
    /// The spans that the subject chooses from.
    Trace(&'a TraceObservation),
}

impl<'a> From<&'a Observation> for Evidence<'a> {
    fn from(observation: &'a Observation) -> Self {
        Self::Block(observation)
    }
}

impl<'a> From<&'a ServiceObservation> for Evidence<'a> {
    fn from(observation: &'a ServiceObservation) -> Self {
        Self::Service(observation)
    }
}

impl<'a> From<&'a HttpObservation> for Evidence<'a> {
    fn from(observation: &'a HttpObservation) -> Self {
        Self::Http(observation)
    }
}

impl<'a> From<&'a MetricObservation> for Evidence<'a> {
    fn from(observation: &'a MetricObservation) -> Self {
        Self::Metric(observation)
    }
}

impl<'a> From<&'a TraceObservation> for Evidence<'a> {
    fn from(observation: &'a TraceObservation) -> Self {
        Self::Trace(observation)
    }
}

/// Judges a statement; a capture keeps its value.
pub fn judge<'a>(
    statement: &Statement,
    evidence: impl Into<Evidence<'a>>,
    captures: &mut Captures,
) -> Verdict {
    match statement {
        Statement::Claim(claim) => evaluate(claim, evidence, captures),
        Statement::Capture(capture) => keep(capture, evidence.into(), captures),
    }
}

/// Judges a claim.
pub fn evaluate<'a>(
    claim: &Claim,
    evidence: impl Into<Evidence<'a>>,
    captures: &Captures,
) -> Verdict {
    let evidence = evidence.into();
    match verdict(claim, evidence, captures) {
        Ok(()) => Verdict::Held,
        Err(NoSelection::Certain(seen)) => {
            Verdict::Failed(claim.subject.with_choice(seen, evidence))
        }
        Err(NoSelection::Unknown(why)) => Verdict::Errored(why),
    }
}

fn keep(capture: &Capture, evidence: Evidence<'_>, captures: &mut Captures) -> Verdict {
    let selected = match capture.subject.select(evidence) {
        Ok(_) if capture.subject.is_cut(evidence) => return Verdict::Errored(not_kept()),
        Ok(selected) => selected,
        Err(NoSelection::Certain(seen)) => return Verdict::Failed(seen),
        Err(NoSelection::Unknown(why)) => return Verdict::Errored(why),
    };
    match &selected.into_values()[..] {
        [one] => {
            captures.insert(capture.name.clone(), one.clone());
            Verdict::Held
        }
        several => Verdict::Failed(capture.subject.with_choice(how_many(several), evidence)),
    }
}

type Judged = Result<(), NoSelection>;

fn failed(seen: impl Into<String>) -> Judged {
    Err(NoSelection::Certain(seen.into()))
}

fn verdict(claim: &Claim, evidence: Evidence<'_>, captures: &Captures) -> Judged {
    let selected = claim.subject.select(evidence)?;
    if let Predicate::Count(comparison, wanted) = &claim.predicate {
        if claim.subject.is_cut(evidence) {
            return Err(NoSelection::Unknown(not_kept()));
        }
        let count = selected.count();
        let is_so = comparison.holds(count.cmp(wanted)) != claim.is_negated;
        return if is_so {
            Ok(())
        } else {
            failed(format!("there are {count}"))
        };
    }
    let values = selected.into_values();
    if matches!(claim.predicate, Predicate::Exists)
        && claim.is_negated
        && claim.quantifier.is_none()
    {
        return if values.is_empty() {
            Ok(())
        } else {
            failed(how_many(&values))
        };
    }
    if let Some(seen) = seen_around_the_gap(claim, evidence, captures) {
        return seen;
    }
    let mut holds = |value: &Json| is_so(claim, value, captures).map_err(NoSelection::Unknown);
    let result = match (claim.quantifier, &values[..]) {
        (_, []) => return failed("there is none"),
        (None, [one]) if holds(one)? == Some(true) => Ok(()),
        (None, [one]) => failed(seen(claim, one)),
        (None, several) => return failed(how_many(several)),
        (Some(quantifier), several) => quantified(quantifier, several, &mut holds),
    };
    if claim.subject.is_cut(evidence) && !matches!(claim.predicate, Predicate::Exists) {
        return Err(NoSelection::Unknown(not_kept()));
    }
    result
}

/// Of a text whose middle is missing only what is seen to be there is certain. `None`: nothing is, or nothing is missing.
fn seen_around_the_gap(
    claim: &Claim,
    evidence: Evidence<'_>,
    captures: &Captures,
) -> Option<Judged> {
    let output = claim.subject.whole_text(evidence)?;
    if output.omitted_bytes == 0 {
        return None;
    }
    let (head, tail) = output.pieces();
    let is_there = match &claim.predicate {
        // A match that touches the gap might be none in the whole text.
        Predicate::Matches(regex) => {
            regex.find_iter(head).any(|found| found.end() < head.len())
                || regex.find_iter(tail).any(|found| found.start() > 0)
        }
        Predicate::Contains(wanted) => [head, tail].into_iter().any(|piece| {
            let piece = Json::from(piece);
            operand(wanted, captures).is_ok_and(|wanted| contains(&piece, &wanted) == Some(true))
        }),
        _ => false,
    };
    is_there.then(|| {
        if claim.is_negated {
            failed(seen(claim, &Json::from(output.text.as_str())))
        } else {
            Ok(())
        }
    })
}

fn quantified(
    quantifier: Quantifier,
    values: &[Json],
    holds: &mut impl FnMut(&Json) -> Result<Option<bool>, NoSelection>,
) -> Judged {
    let mut fitting = Vec::new();
    let mut others = Vec::new();
    let mut unfit = Vec::new();
    for value in values {
        match holds(value)? {
            Some(true) => fitting.push(value.clone()),
            Some(false) => others.push(value.clone()),
            None => {
                others.push(value.clone());
                unfit.push(value.clone());
            }
        }
    }
    match quantifier {
        Quantifier::All if !others.is_empty() => failed(format!("not of {}", list(&others))),
        Quantifier::Any if fitting.is_empty() => failed(format!("of none: {}", list(&others))),
        Quantifier::None if !fitting.is_empty() => {
            failed(format!("it is so of {}", list(&fitting)))
        }
        // That it cannot be asked of a value does not show that the value is otherwise.
        Quantifier::None if !unfit.is_empty() => {
            failed(format!("it cannot be said of {}", list(&unfit)))
        }
        _ => Ok(()),
    }
}

/// Whether predicate and negation hold of one value. `None`: it makes no sense of such a value, nor does its opposite;
/// `Err`: a captured value that is not there.
fn is_so(claim: &Claim, value: &Json, captures: &Captures) -> Result<Option<bool>, String> {
    let is_text = claim.subject.is_text();
    let holds = match &claim.predicate {
        Predicate::Compare(comparison, wanted, tolerance) => {
            let wanted = operand(wanted, captures)?;
            let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
            match compare::compare(value, &wanted, is_text, *tolerance) {
                Some(order) => Some(comparison.holds(order)),
                // JSON of another type is another value.
                None if is_equality && !is_text && tolerance.is_none() => {
                    Some(*comparison == Comparison::NotEqual)
                }
                None => None,
            }
        }
        Predicate::Contains(wanted) => contains(value, &operand(wanted, captures)?),
        Predicate::Matches(regex) => value.as_str().map(|text| regex.is_match(text)),
        Predicate::Is(name) => Some(is_of_type(value, *name, is_text)),
        Predicate::Exists | Predicate::Count(..) => Some(true),
    };
    Ok(holds.map(|holds| holds != claim.is_negated))
}

fn operand(wanted: &Value, captures: &Captures) -> Result<Json, String> {
    match wanted {
        Value::Literal(literal) => Ok(literal.clone()),
        Value::Duration(duration) => Ok(Json::from(duration.as_secs_f64())),
        Value::Capture(name) => captures
            .get(name)
            .cloned()
            .ok_or_else(|| format!("nothing was captured as `{name}`")),
    }
}

/// `None`: such a value contains nothing of the kind.
fn contains(value: &Json, wanted: &Json) -> Option<bool> {
    match (value, wanted) {
        (Json::String(text), Json::String(part)) => Some(text.contains(part.as_str())),
        (Json::String(text), Json::Number(part)) => Some(text.contains(&part.to_string())),
        (Json::Array(items), wanted) => {
            Some(items.iter().any(|item| compare::is_equal(item, wanted)))
        }
        (Json::Object(members), Json::String(key)) => Some(members.contains_key(key)),
        _ => None,
    }
}

fn is_of_type(value: &Json, name: TypeName, is_text: bool) -> bool {
    let number = if is_text {
        value.as_str().and_then(compare::number)
    } else {
        value.as_f64()
    };
    match name {
        TypeName::String => value.is_string(),
        TypeName::Number => number.is_some(),
        TypeName::Integer => number.is_some_and(|number| number.fract() == 0.0),
        TypeName::Boolean => value.is_boolean(),
        TypeName::Null => value.is_null(),
        TypeName::Array => value.is_array(),
        TypeName::Object => value.is_object(),
        TypeName::Uuid => is_of_kind(RedactionKind::Uuid, value),
        TypeName::Timestamp => value.is_string() && is_of_kind(RedactionKind::Timestamp, value),
        TypeName::Duration => is_of_kind(RedactionKind::Duration, value),
        TypeName::Empty => match value {
            Json::String(text) => text.is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::Object(members) => members.is_empty(),
            _ => false,
        },
    }
}

impl Subject {
    /// What was seen, and what there was to choose from where one value does not tell.
    fn with_choice(&self, seen: String, evidence: Evidence<'_>) -> String {
        match (self, evidence) {
            (Self::Metric(subject), Evidence::Metric(metrics)) => {
                match metric::choice(subject, metrics) {
                    Some(choice) => format!("{seen}; {choice}"),
                    None => seen,
                }
            }
            (Self::Trace(subject), Evidence::Trace(spans)) => {
                format!("{seen}{}", trace::choice(subject, spans))
            }
            _ => seen,
        }
    }

    /// Text that is compared as a number where a number is wanted.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Stdout | Self::Stderr | Self::Line(_) | Self::Table(_) => true,
            Self::Http(asked) => matches!(asked.part, HttpPart::Header(_) | HttpPart::Body),
            _ => self.is_service(&[Aspect::Logs]),
        }
    }
}

impl Selected {
    /// How many there are; of a whole text, its lines.
    fn count(&self) -> u64 {
        let count = match self {
            Self::Json(values) => values.len(),
            Self::Text(texts) => match &texts[..] {
                [text] => text.lines().count(),
                texts => texts.len(),
            },
            Self::Number(_) => 1,
        };
        count as u64
    }

    fn into_values(self) -> Vec<Json> {
        match self {
            Self::Json(values) => values,
            Self::Text(texts) => texts.into_iter().map(Json::String).collect(),
            Self::Number(number) => vec![number],
        }
    }
}

/// What was seen instead, in one line.
fn seen(claim: &Claim, value: &Json) -> String {
    match &claim.subject {
        Subject::Exit => format!("it was {}", value.as_f64().unwrap_or_default()),
        Subject::Service(service) if service.aspect != Aspect::Logs => match value {
            Json::String(word) => format!("it was {word}"),
            value => format!("it was {value}"),
        },
        Subject::Http(asked) if asked.part == HttpPart::Status => format!("it was {value}"),
        Subject::Trace(trace) => trace::seen(&trace.part, value),
        Subject::Duration => format!("it took {:.3} s", value.as_f64().unwrap_or_default()),
        _ => got(value),
    }
}

pub(super) fn got(value: &Json) -> String {
    format!("got {}", shown(value))
}

fn how_many(values: &[Json]) -> String {
    match values {
        [] => "there is none".to_owned(),
        [one] => format!("there is {}", shown(one)),
        several => format!(
            "there are {}: {}; `all`, `any` or `none` speak of several",
            several.len(),
            list(several)
        ),
    }
}

/// The first few.
fn list(values: &[Json]) -> String {
    const SHOWN: usize = 3;
    let mut text: Vec<_> = values.iter().take(SHOWN).map(shown).collect();
    if values.len() > SHOWN {
        text.push(format!("… ({} in all)", values.len()));
    }
    text.join(", ")
}

fn shown(value: &Json) -> String {
    const CHARACTERS: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(CHARACTERS) {
        Some((cut, _)) => format!("{}… ({} bytes)", &text[..cut], text.len()),
        None => text,
    }
}
