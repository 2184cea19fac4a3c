//! Whether a claim holds of an observation.

use serde_json::Value as Json;

use super::claim::RedactionKind;
use super::{
    claim::{
        Capture, Claim, Comparison, Predicate, Quantifier, Statement, Subject, TypeName, Value,
    },
    compare,
    select::{NoSelection, Selected, not_kept},
};
use crate::{Captures, Observation, Verdict, redact::is_of_kind};

/// Judges a statement; a capture keeps its value.
pub fn judge(statement: &Statement, observation: &Observation, captures: &mut Captures) -> Verdict {
    match statement {
        Statement::Claim(claim) => evaluate(claim, observation, captures),
        Statement::Capture(capture) => keep(capture, observation, captures),
    }
}

/// Judges a claim.
pub fn evaluate(claim: &Claim, observation: &Observation, captures: &Captures) -> Verdict {
    match verdict(claim, observation, captures) {
        Ok(()) => Verdict::Held,
        Err(NoSelection::Certain(seen)) => Verdict::Failed(seen),
        Err(NoSelection::Unknown(why)) => Verdict::Errored(why),
    }
}

fn keep(capture: &Capture, observation: &Observation, captures: &mut Captures) -> Verdict {
    let selected = match capture.subject.select(observation) {
        Ok(_) if capture.subject.is_cut(observation) => return Verdict::Errored(not_kept()),
        Ok(selected) => selected,
        Err(NoSelection::Certain(seen)) => return Verdict::Failed(seen),
        Err(NoSelection::Unknown(why)) => return Verdict::Errored(why),
    };
    match &selected.into_values()[..] {
        [one] => {
            captures.insert(capture.name.clone(), one.clone());
            Verdict::Held
        }
        several => Verdict::Failed(how_many(several)),
    }
}

type Judged = Result<(), NoSelection>;

fn failed(seen: impl Into<String>) -> Judged {
    Err(NoSelection::Certain(seen.into()))
}

fn verdict(claim: &Claim, observation: &Observation, captures: &Captures) -> Judged {
    let selected = claim.subject.select(observation)?;
    if let Predicate::Count(comparison, wanted) = &claim.predicate {
        if claim.subject.is_cut(observation) {
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
    let mut holds = |value: &Json| is_so(claim, value, captures).map_err(NoSelection::Unknown);
    let result = match (claim.quantifier, &values[..]) {
        (_, []) => return failed("there is none"),
        (None, [one]) if holds(one)? => Ok(()),
        (None, [one]) => failed(seen(claim, one)),
        (None, several) => return failed(how_many(several)),
        (Some(quantifier), several) => quantified(quantifier, several, &mut holds),
    };
    // Of text whose middle is missing only what is seen to be there is certain.
    let is_seen = matches!(
        claim.predicate,
        Predicate::Contains(_) | Predicate::Matches(_)
    );
    let is_certain = is_seen && result.is_ok() != claim.is_negated
        || matches!(claim.predicate, Predicate::Exists);
    if claim.subject.is_cut(observation) && !is_certain {
        return Err(NoSelection::Unknown(not_kept()));
    }
    result
}

fn quantified(
    quantifier: Quantifier,
    values: &[Json],
    holds: &mut impl FnMut(&Json) -> Result<bool, NoSelection>,
) -> Judged {
    let mut fitting = Vec::new();
    let mut others = Vec::new();
    for value in values {
        if holds(value)? {
            fitting.push(value.clone());
        } else {
            others.push(value.clone());
        }
    }
    match quantifier {
        Quantifier::All if !others.is_empty() => failed(format!("not of {}", list(&others))),
        Quantifier::Any if fitting.is_empty() => failed(format!("of none: {}", list(&others))),
        Quantifier::None if !fitting.is_empty() => {
            failed(format!("it is so of {}", list(&fitting)))
        }
        _ => Ok(()),
    }
}

/// Whether predicate and negation hold of one value; `Err`: a captured value that is not there.
fn is_so(claim: &Claim, value: &Json, captures: &Captures) -> Result<bool, String> {
    let is_text = claim.subject.is_text();
    let of = |wanted: &Value| match wanted {
        Value::Literal(literal) => Ok(literal.clone()),
        Value::Duration(duration) => Ok(Json::from(duration.as_secs_f64())),
        Value::Capture(name) => captures
            .get(name)
            .cloned()
            .ok_or_else(|| format!("nothing was captured as `{name}`")),
    };
    let holds = match &claim.predicate {
        Predicate::Compare(comparison, wanted, tolerance) => {
            // What cannot be compared is neither equal nor different: both claims fail.
            match compare::compare(value, &of(wanted)?, is_text, *tolerance) {
                Some(order) => comparison.holds(order),
                None if *comparison == Comparison::NotEqual && !is_text => true,
                None => return Ok(false),
            }
        }
        Predicate::Contains(wanted) => contains(value, &of(wanted)?),
        Predicate::Matches(regex) => match value {
            Json::String(text) => regex.is_match(text),
            _ => return Ok(false),
        },
        Predicate::Is(name) => is_of_type(value, *name, is_text),
        Predicate::Exists | Predicate::Count(..) => true,
    };
    Ok(holds != claim.is_negated)
}

fn contains(value: &Json, wanted: &Json) -> bool {
    match (value, wanted) {
        (Json::String(text), Json::String(part)) => text.contains(part.as_str()),
        (Json::String(text), Json::Number(part)) => text.contains(&part.to_string()),
        (Json::Array(items), wanted) => items.iter().any(|item| compare::is_equal(item, wanted)),
        (Json::Object(members), Json::String(key)) => members.contains_key(key),
        _ => false,
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
    fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Stdout | Self::Stderr | Self::Line(_) | Self::Table(_)
        )
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
            Self::Number(number) => vec![Json::from(number)],
        }
    }
}

/// What was seen instead, in one line.
fn seen(claim: &Claim, value: &Json) -> String {
    match &claim.subject {
        Subject::Exit => format!("it was {}", value.as_f64().unwrap_or_default()),
        Subject::Duration => format!("it took {:.3} s", value.as_f64().unwrap_or_default()),
        _ => format!("got {}", shown(value)),
    }
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
