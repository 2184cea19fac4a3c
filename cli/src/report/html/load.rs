//! What a k6 load test measured, if a block printed its summary: a table, and a histogram of each trend.

use std::collections::BTreeMap;

use labctl_runbook::json_values;
use maud::{Markup, html};
use serde::Deserialize;

use super::histogram::histogram;
use crate::report::words::number;

/// Summaries of one block that are shown.
const MOST: usize = 4;

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
                            td { (histogram(&metric.values)) }
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
