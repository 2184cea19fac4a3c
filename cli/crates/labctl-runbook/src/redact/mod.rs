//! Hides volatile values in output by typed rules that check what they hide.
//!
//! A value that is not of the rule's kind is never hidden: anywhere in the text it stays as it is, at a JSON path it is
//! an error, because a wrong value that is hidden would be taken for a right one.

mod anywhere;
mod at_path;
mod documents;
mod infer;
mod kinds;
mod skim;
#[cfg(test)]
mod tests;

pub use documents::json_values;
pub(crate) use documents::{Broken, documents};
pub use infer::{Difference, infer};
pub(crate) use kinds::is_of_kind;

use crate::expect::{Redaction, RedactionKind};

/// Hides what the rules speak of, each value behind its kind in brackets: `[uuid]`, `[timestamp]` and so on.
///
/// Rules with a path come first and see the text as it was printed: every JSON document in it that has something at
/// the path; the value's bytes are replaced by a JSON string, everything around them stays. Then the other rules, in
/// the order given, each where a value stands by itself, never inside a longer word. Linear in the text's length.
///
/// ```text
/// {"id": "5f0c…", "at": 1}   redact uuid in $.id    →   {"id": "[uuid]", "at": 1}
/// took 12.5ms on :8080       redact duration, port  →   took [duration] on :8080
/// ```
///
/// # Errors
/// A path that selects nothing or something of another kind; `number` without a path.
pub fn redact(text: &str, rules: &[Redaction]) -> Result<String, RedactError> {
    let mut redacted = at_path::redact(text, rules)?;
    for rule in rules.iter().filter(|rule| rule.path.is_none()) {
        if rule.kind == RedactionKind::Number {
            return Err(RedactError::NumberAnywhere);
        }
        redacted = anywhere::redact(&redacted, rule.kind);
    }
    Ok(redacted)
}

/// Why a text cannot be redacted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedactError {
    /// There is nothing at the path.
    #[error("`redact {kind} in {path}` selects nothing in the output")]
    SelectsNothing {
        /// The rule's kind, as written.
        kind: &'static str,
        /// The rule's path.
        path: String,
    },
    /// A value at the path is not of the kind.
    #[error("`redact {kind} in {path}` would hide {value}, which is no {kind}")]
    OtherKind {
        /// The rule's kind, as written.
        kind: &'static str,
        /// The rule's path.
        path: String,
        /// The value as printed, cut to 80 characters.
        value: String,
    },
    /// The path is none.
    #[error("`{path}` is not a JSONPath: {cause}")]
    WrongPath {
        /// The rule's path.
        path: String,
        /// What the parser says.
        cause: String,
    },
    /// A number is a number only at a path.
    #[error("`redact number` needs a path: any digit in the text could be meant")]
    NumberAnywhere,
}
