//! What a k6 load test measured, if a block printed its summary: a table, and where its percentiles lie.

use std::collections::BTreeMap;

use labctl_runbook::json_values;
use maud::{Markup, html};
use serde::Deserialize;

use super::waterfall::rounded;
use crate::report::words::number;

/// Summaries of one block that are shown.
const MOST: usize = 4;
const WIDTH: f64 = 240.0;

#[derive(Deserialize)]
struct Summary {
    metrics: BTreeMap<String, Metric>,
}

#[derive(Deserialize)]
struct Metric {
    values: BTreeMap<String, f64>,
    #[serde(default)]
    thresholds: BTreeMap<String, Threshold>,
}

#[derive(Deserialize)]
struct Threshold {
    ok: bool,
}

/// Nothing where no summary was printed.
pub(super) fn summaries(stdout: &str) -> Markup {
    let values = json_values(stdout).into_iter();
    let found = values.filter_map(|value| serde_json::from_value(value).ok());
    html! { @for summary in found.take(MOST) { (table(&summary)) } }
}

fn table(summary: &Summary) -> Markup {
    html! {
        p.title { "Load test" }
        div.wide {
            table.load {
                tbody {
                    @for (name, metric) in &summary.metrics {
                        tr {
                            th { (name) }
                            td { @for (key, value) in &metric.values { span.value { (key) " " b { (number(*value)) } } } }
                            td { (percentiles(&metric.values)) }
                            td {
                                @for (threshold, outcome) in &metric.thresholds {
                                    span class=(if outcome.ok { "mark passed" } else { "mark failed" }) {
                                        (if outcome.ok { "✓" } else { "✗" })
                                    }
                                    code { (threshold) } " "
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Smallest to greatest as a line, the 90 and 95 of a hundred as marks on it.
fn percentiles(values: &BTreeMap<String, f64>) -> Markup {
    let value = |key: &str| values.get(key).copied();
    let (Some(min), Some(max), Some(med)) = (value("min"), value("max"), value("med")) else {
        return html! {};
    };
    if max <= min {
        return html! {};
    }
    let place = |value: f64| rounded(4.0 + (WIDTH - 8.0) * (value - min) / (max - min));
    html! {
        svg.percentiles viewBox={ "0 0 " (WIDTH) " 16" } role="img" {
            line x1=(place(min)) x2=(place(max)) y1="8" y2="8" {}
            @if let Some(p95) = value("p(95)") {
                line.most x1=(place(min)) x2=(place(p95)) y1="8" y2="8" {}
            }
            circle cx=(place(med)) cy="8" r="4" {}
            @for key in ["p(90)", "p(95)", "p(99)"] {
                @if let Some(at) = value(key) {
                    line.mark x1=(place(at)) x2=(place(at)) y1="3" y2="13" {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_found_among_other_output() {
        let summary = r#"{"metrics": {"iterations": {"values": {"count": 3}}}}"#;
        let text = format!("said\n{{\"other\": 1}}\n{{broken\n{summary}\nx {summary}");
        for text in [&text, summary] {
            let shown = summaries(text).into_string();
            assert_eq!(shown.matches("iterations").count(), 1, "{shown}");
            assert!(shown.contains("<b>3</b>"), "{shown}");
        }
        assert_eq!(summaries("").into_string(), "");
    }
}
