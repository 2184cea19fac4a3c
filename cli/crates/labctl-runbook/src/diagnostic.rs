//! Something a runbook's author should know, and where.

use crate::Span;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The runbook means something, though perhaps not what its author thinks.
    Warning,
    /// The runbook cannot be trusted: nothing of it is run.
    Error,
}

/// A finding in a runbook: printed with file, line, column and caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable kebab-case word for the kind of finding, such as `unknown-word`.
    pub code: &'static str,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it, such as "did you mean `contains`?".
    pub help: Option<String>,
}

impl Diagnostic {
    /// Something because of which nothing of the runbook is run.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message.into())
    }

    /// Something the author should know.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message.into())
    }

    /// With what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn new(severity: Severity, code: &'static str, span: Span, message: String) -> Self {
        Self {
            severity,
            code,
            message,
            span,
            help: None,
        }
    }
}
