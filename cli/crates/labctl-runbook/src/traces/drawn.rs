//! A tree of spans as a picture needs it.

use std::time::Duration;

use super::{SpanStatus, SpanTree};

/// Spans of one picture.
const MOST: usize = 100;

/// A span's row in a picture of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnSpan {
    /// How deep it lies, 0 for the root.
    pub depth: usize,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// When it began, after the earliest of the picture.
    pub from: Duration,
    /// How long it took; nothing if its service's clock was set back.
    pub took: Duration,
    /// Its service says that it did not go well.
    pub is_error: bool,
}

/// The first hundred spans of the tree, parents before their children.
pub fn drawn(tree: &SpanTree<'_>) -> Vec<DrawnSpan> {
    let shown = &tree.spans()[..tree.spans().len().min(MOST)];
    let first = shown.iter().map(|(_, span)| span.start).min().unwrap_or(0);
    let row = |(depth, span): &(usize, &super::RecordedSpan)| DrawnSpan {
        depth: *depth,
        name: span.name.clone(),
        service: span.service.clone(),
        from: Duration::from_nanos(span.start - first),
        took: Duration::from_nanos(span.end.saturating_sub(span.start)),
        is_error: span.status == SpanStatus::Error,
    };
    shown.iter().map(row).collect()
}
