//! Whether a claim held.

use std::time::Duration;

use crate::{Span, traces::DrawnSpan};

/// What came of one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The claim as written (`exit == 0` for the implied one).
    pub claim: String,
    /// Where it is written; the block's opening fence for the implied one.
    pub span: Span,
    /// Whether it held.
    pub verdict: Verdict,
    /// How long after the block's end it came to that, where the claim is awaited (`within`).
    pub after: Option<Duration>,
    /// Of a claim about a trace: the spans of the first trace it is about.
    pub spans: Vec<DrawnSpan>,
}

/// Whether a claim held.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is true.
    Held,
    /// It is false: what was seen instead.
    Failed(String),
    /// It could not be told whether it is true: why.
    Errored(String),
}
