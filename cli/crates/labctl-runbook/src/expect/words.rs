//! The words of the grammar, and what to say about one that is none of them.

use super::claim::{Aspect, Comparison, RedactionKind, Role, TypeName};
use crate::{Diagnostic, Span, suggestion::nearest_word};

pub(super) const SUBJECTS: [&str; 11] = [
    "exit", "stdout", "stderr", "line", "json", "table", "duration", "service", "http", "metric",
    "trace",
];

pub(super) const ASPECTS: [(&str, Aspect); 5] = [
    ("state", Aspect::State),
    ("exit", Aspect::Exit),
    ("health", Aspect::Health),
    ("restarts", Aspect::Restarts),
    ("logs", Aspect::Logs),
];

pub(super) const QUANTIFIERS: [&str; 3] = ["all", "any", "none"];

pub(super) const DIRECTIVES: [&str; 9] = [
    "capture", "timeout", "until", "retry", "redact", "snapshot", "skip", "needs", "role",
];

pub(super) const PREDICATES: [&str; 11] = [
    "==", "!=", "<", "<=", ">", ">=", "contains", "matches", "is", "exists", "count",
];

pub(super) const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    (">=", Comparison::GreaterOrEqual),
];

pub(super) const TYPES: [(&str, TypeName); 11] = [
    ("string", TypeName::String),
    ("number", TypeName::Number),
    ("integer", TypeName::Integer),
    ("boolean", TypeName::Boolean),
    ("null", TypeName::Null),
    ("array", TypeName::Array),
    ("object", TypeName::Object),
    ("uuid", TypeName::Uuid),
    ("timestamp", TypeName::Timestamp),
    ("duration", TypeName::Duration),
    ("empty", TypeName::Empty),
];

pub(super) const REDACTIONS: [(&str, RedactionKind); 8] = [
    ("uuid", RedactionKind::Uuid),
    ("timestamp", RedactionKind::Timestamp),
    ("duration", RedactionKind::Duration),
    ("size", RedactionKind::Size),
    ("port", RedactionKind::Port),
    ("container-id", RedactionKind::ContainerId),
    ("hex-id", RedactionKind::HexId),
    ("number", RedactionKind::Number),
];

pub(super) const ROLES: [(&str, Role); 3] = [
    ("start", Role::Start),
    ("cleanup", Role::Cleanup),
    ("on-demand", Role::OnDemand),
];

/// The meaning of `word` in `table`.
pub(super) fn find<T: Copy>(table: &[(&'static str, T)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, meaning)| *meaning)
}

/// The word that means `meaning` in `table`, which has one for each.
pub(super) fn name_of<T: PartialEq>(table: &[(&'static str, T)], meaning: &T) -> &'static str {
    let known = table.iter().find(|(_, known)| known == meaning);
    known.map_or("", |(name, _)| name)
}

/// The words of `table`.
pub(super) fn names<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(name, _)| *name).collect()
}

/// The error for a word that none of `valid` is; without a word, for a line that ends where one belongs.
pub(super) fn unknown(what: &str, word: &str, span: Span, valid: &[&str]) -> Diagnostic {
    let list = valid
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if word.is_empty() {
        return Diagnostic::error("missing-word", span, format!("{what} is missing here"))
            .with_help(format!("one of {list}"));
    }
    let help = match nearest_word(word, valid.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("{what} is one of {list}"),
    };
    Diagnostic::error("unknown-word", span, format!("unknown word `{word}`")).with_help(help)
}
