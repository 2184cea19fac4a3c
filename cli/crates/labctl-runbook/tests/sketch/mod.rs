//! Traces in a line of text, for tests.

use std::sync::Arc;

use labctl_runbook::{
    TraceObservation,
    traces::{RecordedSpan, SpanKind, SpanStatus},
};

/// `api: GET /a @0-9 error key="text"; . db @1-4; . cache @4-6 | api: GET /a @10-12`: spans by depth (a dot each), when
/// they ran in milliseconds after the block began, what else is said of them; traces apart by ` | `. A span without a
/// service has its parent's; roots are servers. A trace that begins with `- ` began before the block.
pub(crate) fn sketch(text: &str) -> TraceObservation {
    const BEGAN: u64 = 1_000_000_000_000;
    let mut seen = TraceObservation {
        since: BEGAN,
        ..TraceObservation::default()
    };
    let mut id = 0;
    for (trace, spans) in (1_u128..).zip(text.split(" | ").filter(|text| !text.is_empty())) {
        let (spans, began) = match spans.strip_prefix("- ") {
            Some(spans) => (spans, BEGAN / 2),
            None => (spans, BEGAN),
        };
        let mut above: Vec<(u64, String)> = Vec::new();
        for span in spans.split("; ") {
            id += 1;
            let (head, tail) = span.split_once(" @").expect("when it ran");
            let name = head.trim_start_matches(". ");
            let depth = (head.len() - name.len()) / 2;
            above.truncate(depth);
            let (service, name) = match name.split_once(": ") {
                Some((service, name)) => (service.to_owned(), name),
                None => (above.last().expect("a parent").1.clone(), name),
            };
            let mut words = tail.split(' ');
            let times = words.next().and_then(|times| times.split_once('-'));
            let (start, end) = times.expect("from-to");
            let at = |text: &str| began + text.parse::<u64>().expect("milliseconds") * 1_000_000;
            let mut recorded = RecordedSpan {
                trace,
                id,
                parent: above.last().map(|(id, _)| *id),
                service: service.clone(),
                name: name.to_owned(),
                kind: if depth == 0 {
                    SpanKind::Server
                } else {
                    SpanKind::Internal
                },
                start: at(start),
                end: at(end),
                status: SpanStatus::Unset,
                attributes: Vec::new(),
                links: Vec::new(),
            };
            for word in words {
                match word.split_once('=') {
                    Some(("link", target)) => {
                        recorded.links.push((1, target.parse().expect("an id")));
                    }
                    Some((key, value)) => {
                        let value = serde_json::from_str(value).expect("a value");
                        recorded.attributes.push((key.to_owned(), value));
                    }
                    None => recorded.status = SpanStatus::Error,
                }
            }
            seen.services.insert(service.clone());
            seen.spans.push(Arc::new(recorded));
            above.push((id, service));
        }
    }
    seen
}
