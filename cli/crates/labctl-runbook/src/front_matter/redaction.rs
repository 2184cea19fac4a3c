//! A redaction in the front matter: `uuid`, `timestamp in $.created_at`.

use crate::{
    Diagnostic, Span,
    expect::{Redaction, RedactionKind},
    suggestion::nearest_word,
};

const KINDS: [(&str, RedactionKind); 8] = [
    ("uuid", RedactionKind::Uuid),
    ("timestamp", RedactionKind::Timestamp),
    ("duration", RedactionKind::Duration),
    ("size", RedactionKind::Size),
    ("port", RedactionKind::Port),
    ("container-id", RedactionKind::ContainerId),
    ("hex-id", RedactionKind::HexId),
    ("number", RedactionKind::Number),
];

/// Reads `KIND [in PATH]`, which stands at `span`.
pub(super) fn redaction(text: &str, span: Span) -> Result<Redaction, Diagnostic> {
    let (word, path) = match text.trim().split_once(" in ") {
        Some((word, path)) => (word.trim(), Some(path.trim().to_owned())),
        None => (text.trim(), None),
    };
    if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == word) {
        return Ok(Redaction {
            kind: *kind,
            path,
            span,
        });
    }
    let help = match nearest_word(word, KINDS.iter().map(|(name, _)| *name)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "write a kind such as `uuid`, or `timestamp in $.created_at`".to_owned(),
    };
    let message = format!("unknown kind of redaction `{word}`");
    Err(Diagnostic::error("unknown-word", span, message).with_help(help))
}
