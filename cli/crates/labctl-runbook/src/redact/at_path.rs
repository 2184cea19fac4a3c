//! Hides values at JSON paths.

use std::{collections::BTreeMap, ops::Range};

use jsonpath_rust::JsonPath;
use serde_json::Value;

use super::{
    RedactError,
    documents::{Document, documents},
    kinds::{is_of_kind, word},
};
use crate::expect::{Redaction, RedactionKind};

/// How much of a value a message shows.
const SHOWN_CHARACTERS: usize = 80;

/// Applies the rules that have a path; all of them see the text as it was printed.
pub(super) fn redact(text: &str, rules: &[Redaction]) -> Result<String, RedactError> {
    let rules: Vec<(RedactionKind, &str)> = rules
        .iter()
        .filter_map(|rule| Some((rule.kind, rule.path.as_deref()?)))
        .collect();
    if rules.is_empty() {
        return Ok(text.to_owned());
    }
    let documents: Vec<_> = documents(text).into_iter().flatten().collect();
    let mut hidden: BTreeMap<usize, (usize, RedactionKind)> = BTreeMap::new();
    let places: Vec<_> = documents
        .iter()
        .map(|document| document.places(text))
        .collect();
    for (kind, path) in rules {
        let mut is_anything_there = false;
        for (document, places) in documents.iter().zip(&places) {
            for value in select(document, path)? {
                is_anything_there = true;
                check(kind, path, value)?;
                if let Some(Range { start, end }) = places.get(&std::ptr::from_ref(value)).cloned()
                {
                    hidden.entry(start).or_insert((end, kind));
                }
            }
        }
        if !is_anything_there {
            return Err(RedactError::SelectsNothing {
                kind: word(kind),
                path: path.to_owned(),
            });
        }
    }
    Ok(replace(text, &hidden))
}

fn select<'d>(document: &'d Document, path: &str) -> Result<Vec<&'d Value>, RedactError> {
    document
        .value
        .query(path)
        .map_err(|cause| RedactError::WrongPath {
            path: path.to_owned(),
            cause: cause.to_string(),
        })
}

fn check(kind: RedactionKind, path: &str, value: &Value) -> Result<(), RedactError> {
    if is_of_kind(kind, value) {
        return Ok(());
    }
    let mut shown = value.to_string();
    if let Some((cut, _)) = shown.char_indices().nth(SHOWN_CHARACTERS) {
        shown.truncate(cut);
        shown.push('…');
    }
    Err(RedactError::OtherKind {
        kind: word(kind),
        path: path.to_owned(),
        value: shown,
    })
}

/// Only scalars are of any kind, so the places never overlap.
fn replace(text: &str, hidden: &BTreeMap<usize, (usize, RedactionKind)>) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut kept = 0;
    for (start, (end, kind)) in hidden {
        redacted.push_str(&text[kept..*start]);
        redacted.push_str("\"[");
        redacted.push_str(word(*kind));
        redacted.push_str("]\"");
        kept = *end;
    }
    redacted.push_str(&text[kept..]);
    redacted
}
