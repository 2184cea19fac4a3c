//! From an observation to the values that a subject speaks of.

use jsonpath_rust::JsonPath as _;
use serde_json::Value as Json;

use super::{
    claim::{Aspect, Subject},
    http::HttpPart,
    judge::Evidence,
    metric, table, trace,
};
use crate::{
    ExitStatus, HttpObservation, Output, ServiceObservation,
    redact::{Broken, documents},
};

/// The values that a subject speaks of.
#[derive(Debug)]
pub(super) enum Selected {
    /// Values of JSON.
    Json(Vec<Json>),
    /// Pieces of text.
    Text(Vec<String>),
    /// A number: an exit code, or seconds.
    Number(Json),
}

/// Why there is nothing to select from.
#[derive(Debug)]
pub(super) enum NoSelection {
    /// It is certain that the claim is false.
    Certain(String),
    /// The part of the output that was not kept might have it.
    Unknown(String),
}

/// What was not kept might change everything but what the head shows.
const NOT_KEPT: &str = "the output was too long to be kept whole";

impl Subject {
    /// The values it speaks of, in order.
    pub(super) fn select(&self, evidence: Evidence<'_>) -> Result<Selected, NoSelection> {
        let observation = match (self, evidence) {
            (Self::Service(service), Evidence::Service(seen)) => {
                return of_service(service.aspect, seen).map_err(NoSelection::Certain);
            }
            (Self::Http(asked), Evidence::Http(seen)) => return of_answer(&asked.part, seen),
            (Self::Metric(metric), Evidence::Metric(seen)) => {
                return metric::values(metric, seen).map(Selected::Json);
            }
            (Self::Trace(subject), Evidence::Trace(seen)) => return trace::select(subject, seen),
            (_, Evidence::Block(observation)) => observation,
            (
                _,
                Evidence::Service(_) | Evidence::Http(_) | Evidence::Metric(_) | Evidence::Trace(_),
            ) => {
                return Err(NoSelection::Unknown("no block was run".to_owned()));
            }
        };
        let stdout = &observation.stdout;
        let is_whole = || match stdout.omitted_bytes {
            0 => Ok(()),
            _ => Err(NoSelection::Unknown(NOT_KEPT.to_owned())),
        };
        match self {
            Self::Exit => Ok(Selected::Number(code(observation.exit).into())),
            Self::Duration => Ok(Selected::Number(observation.duration.as_secs_f64().into())),
            Self::Stdout => Ok(Selected::Text(vec![trimmed(&stdout.text)])),
            Self::Stderr => Ok(Selected::Text(vec![trimmed(&observation.stderr.text)])),
            Self::Line(number) => {
                is_whole()?;
                Ok(Selected::Text(
                    line(&stdout.text, *number).into_iter().collect(),
                ))
            }
            Self::Table(column) => {
                is_whole()?;
                table::cells(&stdout.text, column)
                    .map(Selected::Text)
                    .map_err(NoSelection::Certain)
            }
            Self::Json { document, path } => {
                is_whole()?;
                json(&stdout.text, *document, path)
                    .map(Selected::Json)
                    .map_err(NoSelection::Certain)
            }
            Self::Service(_) | Self::Http(_) | Self::Metric(_) | Self::Trace(_) => {
                Err(NoSelection::Unknown("nobody was asked".to_owned()))
            }
        }
    }

    /// The text that it speaks of as a whole.
    pub(super) fn whole_text<'a>(&self, evidence: Evidence<'a>) -> Option<&'a Output> {
        match (self, evidence) {
            (Self::Stdout, Evidence::Block(seen)) => Some(&seen.stdout),
            (Self::Stderr, Evidence::Block(seen)) => Some(&seen.stderr),
            (Self::Service(service), Evidence::Service(seen)) if service.aspect == Aspect::Logs => {
                seen.logs.as_ref()
            }
            (Self::Http(asked), Evidence::Http(seen)) if asked.part == HttpPart::Body => {
                Some(&seen.body)
            }
            _ => None,
        }
    }

    /// Whether what was not kept may matter to it.
    pub(super) fn is_cut(&self, evidence: Evidence<'_>) -> bool {
        let text = match (self, evidence) {
            (Self::Line(_) | Self::Table(_) | Self::Json { .. }, Evidence::Block(seen)) => {
                Some(&seen.stdout)
            }
            _ => self.whole_text(evidence),
        };
        text.is_some_and(|text| text.omitted_bytes > 0)
    }
}

/// A part of an answer.
fn of_answer(part: &HttpPart, seen: &HttpObservation) -> Result<Selected, NoSelection> {
    match part {
        HttpPart::Status => Ok(Selected::Number(seen.status.into())),
        HttpPart::Header(name) => {
            let values = seen.headers.iter().filter(|(header, _)| header == name);
            Ok(Selected::Text(
                values.map(|(_, value)| value.clone()).collect(),
            ))
        }
        HttpPart::Body => Ok(Selected::Text(vec![trimmed(&seen.body.text)])),
        HttpPart::Json(_) if seen.body.omitted_bytes > 0 => {
            Err(NoSelection::Unknown(NOT_KEPT.to_owned()))
        }
        HttpPart::Json(path) => {
            let body = serde_json::from_str(&seen.body.text).map_err(|error| {
                let what = if seen.body.text.trim().is_empty() {
                    format!("the answer ({}) has no body", seen.status)
                } else {
                    format!(
                        "the body of the answer ({}) is no JSON: {error}",
                        seen.status
                    )
                };
                NoSelection::Certain(what)
            })?;
            nodes(&body, path)
                .map(Selected::Json)
                .map_err(NoSelection::Certain)
        }
    }
}

/// What to say where [`Subject::is_cut`] keeps a claim from being judged.
pub(super) fn not_kept() -> String {
    NOT_KEPT.to_owned()
}

/// One aspect of a service; or why there is nothing of the kind.
fn of_service(aspect: Aspect, seen: &ServiceObservation) -> Result<Selected, String> {
    let it_is = || format!("it is {}", seen.state);
    match aspect {
        Aspect::State => Ok(Selected::Text(vec![seen.state.clone()])),
        Aspect::Exit => {
            let code = seen.exit_code.ok_or_else(it_is)?;
            Ok(Selected::Number(code.into()))
        }
        Aspect::Restarts => {
            let restarts = seen.restarts.ok_or_else(it_is)?;
            Ok(Selected::Number(restarts.into()))
        }
        Aspect::Health => match &seen.health {
            Some(health) => Ok(Selected::Text(vec![health.clone()])),
            None if seen.restarts.is_none() => Err(it_is()),
            None => Err("it has no health check".to_owned()),
        },
        Aspect::Logs => {
            let logs = seen.logs.as_ref().ok_or_else(it_is)?;
            Ok(Selected::Text(vec![trimmed(&logs.text)]))
        }
    }
}

fn code(exit: ExitStatus) -> f64 {
    f64::from(exit.code())
}

fn trimmed(text: &str) -> String {
    text.strip_suffix('\n').unwrap_or(text).to_owned()
}

fn line(text: &str, number: i64) -> Option<String> {
    let index = usize::try_from(number.unsigned_abs())
        .ok()?
        .checked_sub(1)?;
    let found = if number > 0 {
        text.lines().nth(index)
    } else {
        text.lines().rev().nth(index)
    };
    found.map(str::to_owned)
}

fn json(text: &str, document: Option<usize>, path: &str) -> Result<Vec<Json>, String> {
    let mut documents = documents(text);
    let count = documents.len();
    let chosen = match (document, count) {
        (_, 0) => return Err("there is no JSON in standard output".to_owned()),
        (None, 1) => 0,
        (None, _) => {
            return Err(format!(
                "there are {count} JSON documents in standard output: say which, such as `json[1]`"
            ));
        }
        (Some(number), _) if number <= count => number - 1,
        (Some(_), 1) => return Err("there is only 1 JSON document in standard output".to_owned()),
        (Some(_), _) => {
            return Err(format!(
                "there are only {count} JSON documents in standard output"
            ));
        }
    };
    let value = match documents.swap_remove(chosen) {
        Ok(document) => document.value,
        Err(Broken { line, how }) => {
            return Err(format!(
                "the JSON that begins on line {line} of standard output {how}"
            ));
        }
    };
    nodes(&value, path)
}

fn nodes(value: &Json, path: &str) -> Result<Vec<Json>, String> {
    match value.query(path) {
        Ok(nodes) => Ok(nodes.into_iter().cloned().collect()),
        Err(error) => Err(format!("the path cannot be followed: {error}")),
    }
}
