//! One span, as OpenTelemetry has it.

use serde_json::Value as Json;

/// A span that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSpan {
    /// The trace's id, 16 bytes.
    pub trace: u128,
    /// Its own id, 8 bytes.
    pub id: u64,
    /// The id of the span it was started below, also in another service.
    pub parent: Option<u64>,
    /// The resource's `service.name`.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// When it began, in nanoseconds since 1970 by its service's clock.
    pub start: u64,
    /// When it ended; before `start` if that clock was set back meanwhile.
    pub end: u64,
    /// What its service says came of it.
    pub status: SpanStatus,
    /// Its attributes in the order they were set.
    pub attributes: Vec<(String, Json)>,
    /// Trace and id of each span it is linked to.
    pub links: Vec<(u128, u64)>,
}

impl RecordedSpan {
    /// From start to end, in seconds; nothing if the clock was set back.
    pub fn seconds(&self) -> f64 {
        seconds_between(self.start, self.end).max(0.0)
    }

    /// The value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&Json> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

/// From one moment to another, both in nanoseconds since 1970; negative if the other is earlier.
#[expect(
    clippy::cast_precision_loss,
    reason = "a double has the nanoseconds of a hundred days"
)]
pub(crate) fn seconds_between(from: u64, to: u64) -> f64 {
    let nanoseconds = i128::from(to) - i128::from(from);
    nanoseconds as f64 / 1e9
}

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "they are OpenTelemetry's own")]
pub enum SpanKind {
    #[default]
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

impl SpanKind {
    /// All, each with its word.
    pub const ALL: [(&'static str, Self); 5] = [
        ("internal", Self::Internal),
        ("server", Self::Server),
        ("client", Self::Client),
        ("producer", Self::Producer),
        ("consumer", Self::Consumer),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

/// What came of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpanStatus {
    /// Its service did not say.
    #[default]
    Unset,
    /// Well.
    Ok,
    /// Not well.
    Error,
}

impl SpanStatus {
    /// All, each with its word.
    pub const ALL: [(&'static str, Self); 3] = [
        ("unset", Self::Unset),
        ("ok", Self::Ok),
        ("error", Self::Error),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        word(&Self::ALL, self)
    }
}

fn word<T: PartialEq + Copy>(all: &[(&'static str, T)], meaning: T) -> &'static str {
    let found = all.iter().find(|(_, each)| *each == meaning);
    found.map_or("", |(word, _)| word)
}
