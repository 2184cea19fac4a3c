//! The rules under which several outputs of one block are the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{documents::json_values, kinds::is_of_kind, redact};
use crate::{
    Span,
    expect::{Redaction, RedactionKind},
};

/// Where outputs differ that no rule makes the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line, from 1.
    pub line: usize,
    /// What stands there in the first output; `None` if it has ended.
    pub first: Option<String>,
    /// What stands there in another one.
    pub other: Option<String>,
}

/// For a value in JSON, the narrowest first. A number is of none of the kinds of text.
const AT_PATH: [RedactionKind; 7] = [
    RedactionKind::Uuid,
    RedactionKind::Timestamp,
    RedactionKind::ContainerId,
    RedactionKind::HexId,
    RedactionKind::Duration,
    RedactionKind::Size,
    RedactionKind::Number,
];

/// For what stands in text.
const ANYWHERE: [RedactionKind; 7] = [
    RedactionKind::Uuid,
    RedactionKind::Timestamp,
    RedactionKind::ContainerId,
    RedactionKind::HexId,
    RedactionKind::Duration,
    RedactionKind::Size,
    RedactionKind::Port,
];

/// Rules that make the lines of all these outputs the same, and none that is not needed for it.
///
/// In JSON a rule is of the one value that varies; where that value varies in each element of an array, of all of them. In
/// other text a rule is of a kind of value.
///
/// # Errors
/// They differ in something that is of no kind.
pub fn infer(texts: &[&str]) -> Result<Vec<Redaction>, Difference> {
    let mut rules = in_documents(texts);
    let mut left = redacted(texts, &rules);
    if difference(&left).is_some() {
        // Rules of values that are not there everywhere do not fit.
        let all: Vec<_> = ANYWHERE.into_iter().map(|kind| rule(kind, None)).collect();
        let most = redacted_by(&left, &all);
        if let Some(difference) = difference(&most) {
            return Err(difference);
        }
        let mut needed = all;
        for kind in ANYWHERE {
            let fewer: Vec<_> = needed
                .iter()
                .filter(|rule| rule.kind != kind)
                .cloned()
                .collect();
            if difference(&redacted_by(&left, &fewer)).is_none() {
                needed = fewer;
            }
        }
        left = redacted_by(&left, &needed);
        rules.extend(needed);
    }
    difference(&left).map_or(Ok(rules), Err)
}

fn rule(kind: RedactionKind, path: Option<String>) -> Redaction {
    let span = Span::new(0, 0);
    Redaction { kind, path, span }
}

/// Where the rules do not fit every output, nothing is redacted.
fn redacted(texts: &[&str], rules: &[Redaction]) -> Vec<String> {
    let redacted: Option<Vec<_>> = texts.iter().map(|text| redact(text, rules).ok()).collect();
    redacted.unwrap_or_else(|| texts.iter().map(|text| (*text).to_owned()).collect())
}

fn redacted_by(texts: &[String], rules: &[Redaction]) -> Vec<String> {
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    redacted(&texts, rules)
}

fn difference(texts: &[String]) -> Option<Difference> {
    let (first, others) = texts.split_first()?;
    others
        .iter()
        .find_map(|other| first_difference(first, other))
}

/// How lines end makes no difference.
fn first_difference(first: &str, other: &str) -> Option<Difference> {
    let (mut first, mut other) = (first.lines(), other.lines());
    for line in 1.. {
        match (first.next(), other.next()) {
            (None, None) => break,
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                let [first, other] = [ours, theirs].map(|line| line.map(str::to_owned));
                return Some(Difference { line, first, other });
            }
        }
    }
    None
}

/// One step of a path; an index of an array, or any of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Index(usize),
    Any,
}

type Path = Vec<Step>;

/// The rules for the JSON documents of the outputs, where all have the same ones but for some values.
fn in_documents(texts: &[&str]) -> Vec<Redaction> {
    let outputs: Vec<Vec<Value>> = texts.iter().map(|text| json_values(text)).collect();
    let Some((first, others)) = outputs.split_first() else {
        return Vec::new();
    };
    let mut rules = BTreeSet::new();
    for (number, document) in first.iter().enumerate() {
        let all: Option<Vec<&Value>> = others.iter().map(|output| output.get(number)).collect();
        let Some(others) = all else { continue };
        let mut leaves = BTreeMap::new();
        note(document, &others, &mut Vec::new(), &mut leaves);
        rules.extend(generalised(&leaves));
    }
    // A path speaks of every document: nothing must be hidden that is the same in all outputs, or of another kind.
    let fits = |(path, kind): &(Path, RedactionKind)| {
        let is_of = |document| {
            selected(document, path)
                .iter()
                .all(|value| is_of_kind(*kind, value))
        };
        let varies = |number: usize| {
            let all: Vec<_> = outputs
                .iter()
                .map(|output| output.get(number).map(|it| selected(it, path)))
                .collect();
            all[0].as_ref().is_none_or(Vec::is_empty) || all.iter().any(|other| *other != all[0])
        };
        outputs.iter().flatten().all(is_of) && (0..first.len()).all(varies)
    };
    let fitting = rules.into_iter().filter(fits);
    fitting
        .map(|(path, kind)| rule(kind, Some(written(&path))))
        .collect()
}

/// A scalar in all outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Same,
    /// It varies, and is of this kind in all of them.
    Varies(RedactionKind),
    /// It varies, and is of no kind.
    Differs,
}

type Leaves = BTreeMap<Path, Leaf>;

fn note(value: &Value, others: &[&Value], path: &mut Path, leaves: &mut Leaves) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let theirs: Option<Vec<_>> = others.iter().map(|other| other.get(key)).collect();
                if let Some(theirs) = theirs {
                    path.push(Step::Key(key.clone()));
                    note(value, &theirs, path, leaves);
                    path.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let theirs: Option<Vec<_>> = others.iter().map(|other| other.get(index)).collect();
                if let Some(theirs) = theirs {
                    path.push(Step::Index(index));
                    note(value, &theirs, path, leaves);
                    path.pop();
                }
            }
        }
        _ => {
            let varies = others.iter().any(|other| *other != value);
            let is_of = |kind: &RedactionKind| {
                is_of_kind(*kind, value) && others.iter().all(|other| is_of_kind(*kind, other))
            };
            let leaf = match AT_PATH.into_iter().find(is_of) {
                _ if !varies => Leaf::Same,
                Some(kind) => Leaf::Varies(kind),
                None => Leaf::Differs,
            };
            leaves.insert(path.clone(), leaf);
        }
    }
}

/// The paths of what varies and is of a kind; one for a whole array where all its elements are alike in that.
fn generalised(leaves: &Leaves) -> BTreeSet<(Path, RedactionKind)> {
    let mut groups: BTreeMap<Path, Vec<(&Path, Leaf)>> = BTreeMap::new();
    for (path, leaf) in leaves {
        let any = path.iter().map(|step| match step {
            Step::Index(_) => Step::Any,
            step => step.clone(),
        });
        groups.entry(any.collect()).or_default().push((path, *leaf));
    }
    let mut rules = BTreeSet::new();
    for (any, members) in groups {
        let first = members[0].1;
        let are_alike = members.iter().all(|(_, leaf)| *leaf == first);
        for (path, leaf) in &members {
            if let Leaf::Varies(kind) = leaf {
                let is_of_all = are_alike && members.len() > 1;
                rules.insert((
                    if is_of_all {
                        any.clone()
                    } else {
                        (*path).clone()
                    },
                    *kind,
                ));
            }
        }
    }
    rules
}

fn selected<'v>(value: &'v Value, path: &[Step]) -> Vec<&'v Value> {
    let Some((step, rest)) = path.split_first() else {
        return vec![value];
    };
    let next: Vec<&Value> = match step {
        Step::Key(key) => value.get(key).into_iter().collect(),
        Step::Index(index) => value.get(index).into_iter().collect(),
        Step::Any => value.as_array().into_iter().flatten().collect(),
    };
    next.into_iter()
        .flat_map(|value| selected(value, rest))
        .collect()
}

/// As a JSONPath.
fn written(path: &[Step]) -> String {
    let is_plain = |key: &str| {
        let mut characters = key.chars();
        characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && characters.all(|other| other.is_ascii_alphanumeric() || other == '_')
    };
    path.iter().fold("$".to_owned(), |path, step| match step {
        Step::Key(key) if is_plain(key) => format!("{path}.{key}"),
        Step::Key(key) => format!("{path}[{}]", Value::from(key.as_str())),
        Step::Index(index) => format!("{path}[{index}]"),
        Step::Any => format!("{path}[*]"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], rules: &[&str]) {
        let found = infer(texts).expect("they can be made the same");
        let written: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(written, rules);
        let after: BTreeSet<_> = texts
            .iter()
            .map(|text| redact(text, &found).expect("the rules fit"))
            .collect();
        assert_eq!(after.len(), 1, "{after:?}");
    }

    const A: &str = "550e8400-e29b-41d4-a716-446655440000";
    const B: &str = "f47ac10b-58cc-4372-a567-0e02b2c3d479";

    #[test]
    fn what_does_not_vary_needs_no_rule() {
        check(&["{\"id\": \"x\"}", "{\"id\": \"x\"}"], &[]);
        check(&[A, A], &[]);
        check(&[""], &[]);
    }

    #[test]
    fn in_json_only_the_value_that_varies_is_hidden() {
        let page = |id: &str, seconds: f64| {
            format!("{{\"id\": \"{id}\", \"owner\": \"{A}\", \"took ms\": {seconds}, \"n\": 3}}")
        };
        check(
            &[&page(A, 1.5), &page(B, 2.25)],
            &["uuid in $.id", "number in $[\"took ms\"]"],
        );
    }

    #[test]
    fn what_varies_in_every_element_is_one_rule_and_in_one_is_one_of_it() {
        check(
            &[
                "{\"items\": [{\"at\": 1}, {\"at\": 2}]}",
                "{\"items\": [{\"at\": 3}, {\"at\": 4}]}",
            ],
            &["number in $.items[*].at"],
        );
        check(
            &[
                "{\"items\": [{\"at\": 1}, {\"at\": 2}]}",
                "{\"items\": [{\"at\": 1}, {\"at\": 4}]}",
            ],
            &["number in $.items[1].at"],
        );
    }

    #[test]
    fn in_text_a_rule_is_of_a_kind_and_no_kind_too_many() {
        check(
            &["took 12.5ms on :8080", "took 9.1ms on :8080"],
            &["duration"],
        );
        check(
            &[
                &format!("made {A} at 2026-01-02T03:04:05Z"),
                &format!("made {B} at 2026-01-02T03:04:06Z"),
            ],
            &["uuid", "timestamp"],
        );
    }

    #[test]
    fn what_is_of_no_kind_is_told_with_its_line() {
        let found = infer(&["a\n1 of 3", "a\n1 of 3", "a\n2 of 3"]);
        let expected = Difference {
            line: 2,
            first: Some("1 of 3".into()),
            other: Some("2 of 3".into()),
        };
        assert_eq!(found.map_err(Some), Err(Some(expected)));
        for texts in [
            ["{\"s\": \"miss\"}", "{\"s\": \"hit\"}"],
            ["[1, 2]", "[1]"],
            ["{\"n\": 1}", "{\"n\": \"1\"}"],
        ] {
            assert!(infer(&texts).is_err(), "{texts:?}");
        }
    }
}
