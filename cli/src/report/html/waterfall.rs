//! A trace as a picture: a row a span, in place of its depth and its time.

use labctl_runbook::traces::{DrawnSpan, humane};
use maud::{Markup, html};

const ROW: usize = 22;
const NAMES: f64 = 290.0;
const BARS: f64 = 300.0;
const TIMES: f64 = 80.0;
const INDENT: usize = 12;
/// Characters of a name and its service.
const LABEL: usize = 42;

pub(super) fn waterfall(spans: &[DrawnSpan]) -> Markup {
    let end = spans.iter().map(|span| span.from + span.took).max();
    let whole = end.unwrap_or_default().as_secs_f64().max(1e-9);
    let height = ROW * spans.len();
    html! {
        div.wide {
            svg.waterfall viewBox={ "0 0 " (NAMES + BARS + TIMES) " " (height) } role="img" {
                @for (at, span) in spans.iter().enumerate() {
                    @let y = ROW * at;
                    @let x = NAMES + BARS * span.from.as_secs_f64() / whole;
                    @let width = (BARS * span.took.as_secs_f64() / whole).max(2.0);
                    @let room = LABEL.saturating_sub(2 * span.depth).max(8);
                    @let name = cut(&span.name, room);
                    @let rest = room.saturating_sub(name.chars().count() + 1);
                    text x=(span.depth * INDENT) y=(y + 15) {
                        (name) tspan.service { " " (cut(&span.service, rest)) }
                    }
                    rect class=(if span.is_error { "bar failed" } else { "bar" })
                        x=(rounded(x)) y=(y + 5) width=(rounded(width)) height=(ROW - 10) rx="2" {}
                    text.time x=(NAMES + BARS + 8.0) y=(y + 15) { (humane(span.took.as_secs_f64())) }
                }
            }
        }
    }
}

/// At most so many characters.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    if kept.is_empty() {
        kept
    } else {
        format!("{kept}…")
    }
}

/// To a tenth: a picture needs no more.
pub(super) fn rounded(value: f64) -> String {
    format!("{value:.1}")
}
