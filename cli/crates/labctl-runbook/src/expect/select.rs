//! From an observation to the values that a subject speaks of.

use jsonpath_rust::JsonPath as _;
use serde_json::Value as Json;

use super::{claim::Subject, table};
use crate::{
    ExitStatus, Observation,
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
    Number(f64),
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
    pub(super) fn select(&self, observation: &Observation) -> Result<Selected, NoSelection> {
        let stdout = &observation.stdout;
        let is_whole = || match stdout.omitted_bytes {
            0 => Ok(()),
            _ => Err(NoSelection::Unknown(NOT_KEPT.to_owned())),
        };
        match self {
            Self::Exit => Ok(Selected::Number(code(observation.exit))),
            Self::Duration => Ok(Selected::Number(observation.duration.as_secs_f64())),
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
        }
    }

    /// Whether what was not kept may matter to it.
    pub(super) fn is_cut(&self, observation: &Observation) -> bool {
        match self {
            Self::Exit | Self::Duration => false,
            Self::Stderr => observation.stderr.omitted_bytes > 0,
            _ => observation.stdout.omitted_bytes > 0,
        }
    }
}

/// What to say where [`Subject::is_cut`] keeps a claim from being judged.
pub(super) fn not_kept() -> String {
    NOT_KEPT.to_owned()
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
    match value.query(path) {
        Ok(nodes) => Ok(nodes.into_iter().cloned().collect()),
        Err(error) => Err(format!("the path cannot be followed: {error}")),
    }
}
