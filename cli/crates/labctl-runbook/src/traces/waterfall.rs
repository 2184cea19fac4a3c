//! A tree of spans in text: a line a span, its name, its service, and when it ran.

use std::fmt::Write as _;

use super::{RecordedSpan, SpanTree, span::seconds_between};

const ROWS: usize = 24;
const NAME_WIDTH: usize = 44;
const BAR_WIDTH: usize = 32;

/// The tree as a waterfall, without a line break at its end:
///
/// ```text
/// POST /items                api     │████████████████████████████████│ 12.4 ms
///   postgres_insert          api     │██████████████                  │ 5.9 ms
///   redis_set                api     │               ████             │ 1.8 ms error
/// ```
pub fn waterfall(tree: &SpanTree<'_>) -> String {
    let shown = &tree.spans()[..tree.spans().len().min(ROWS)];
    let label =
        |depth: usize, span: &RecordedSpan| cut(&format!("{:1$}{2}", "", depth * 2, span.name));
    let width = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let names = width(
        &mut shown
            .iter()
            .map(|(depth, span)| label(*depth, span).chars().count()),
    );
    let services = width(
        &mut shown
            .iter()
            .map(|(_, span)| cut(&span.service).chars().count()),
    );
    let from = shown.iter().map(|(_, span)| span.start).min().unwrap_or(0);
    let to = shown.iter().map(|(_, span)| span.end).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (depth, span) in shown {
        let mut line = format!(
            "{:names$}  {:services$}  │{}│ {}",
            label(*depth, span),
            cut(&span.service),
            bar(span, from, to),
            humane(span.seconds()),
        );
        if span.status == super::SpanStatus::Error {
            line.push_str(" error");
        }
        lines.push(line);
    }
    let more = tree.spans().len() - shown.len();
    if more > 0 {
        lines.push(format!("… {more} more spans"));
    }
    lines.join("\n")
}

/// A row of blanks with a block of at least one cell where the span ran.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of the bar's width"
)]
fn bar(span: &RecordedSpan, from: u64, to: u64) -> String {
    let whole = seconds_between(from, to);
    let cell = |at: u64| {
        let share = seconds_between(from, at) / whole;
        if share.is_finite() {
            (share.clamp(0.0, 1.0) * BAR_WIDTH as f64).round() as usize
        } else {
            0
        }
    };
    let start = cell(span.start).min(BAR_WIDTH - 1);
    let end = cell(span.end).clamp(start + 1, BAR_WIDTH);
    let mut bar = " ".repeat(start);
    bar.push_str(&"█".repeat(end - start));
    let _ = write!(bar, "{:1$}", "", BAR_WIDTH - end);
    bar
}

/// A time in seconds as a person says it: `850 µs`, `12.4 ms`, `1.50 s`.
pub fn humane(seconds: f64) -> String {
    if seconds < 0.001 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

/// One line of it, of bearable length, without what a terminal would obey.
fn cut(text: &str) -> String {
    let clean = text
        .chars()
        .map(|each| if each.is_control() { ' ' } else { each });
    let mut short: String = clean.take(NAME_WIDTH + 1).collect();
    if short.chars().count() > NAME_WIDTH {
        short.pop();
        short.pop();
        short.push('…');
    }
    short
}
