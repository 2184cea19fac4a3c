//! `labctl metrics LAB`: its series, and their change since the last look.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime},
};

use labctl_engine::look_at_metrics;
use labctl_runbook::metrics::Sample;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::services::lab;
use crate::{
    args::MetricsArgs,
    document::Document,
    environment::Environment,
    error::CliError,
    library::Library,
    output,
    report::{columns::columns, words::number},
};

/// What was seen at the last look, by series; kept in the state folder, a file for each lab.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Look {
    at: Option<SystemTime>,
    values: BTreeMap<String, f64>,
}

/// A line of the table.
#[derive(Debug, PartialEq)]
struct Row {
    series: String,
    value: f64,
    /// Of a histogram: the mean of what was observed.
    mean: Option<f64>,
    /// `None` if it was not there at the last look.
    change: Option<f64>,
}

pub(crate) async fn metrics(
    library: &Library,
    environment: &Environment,
    args: &MetricsArgs,
) -> Result<ExitCode, CliError> {
    let document = Document::load(library.resolve(&args.lab)?)?;
    let defaults = &document.runbook.front_matter.labctl;
    if defaults.metrics.is_empty() && defaults.prometheus.is_none() {
        return Err(CliError::Usage(format!(
            "{} does not say where its metrics are; in its front matter, under `labctl:`, `metrics: http://localhost:8000/metrics`",
            document.lab.name
        )));
    }
    let lab = lab(library, &args.lab).await?;
    let look = look_at_metrics(defaults).await;
    if look.samples.is_empty() {
        return Err(CliError::Errored(format!(
            "nobody has metrics of {}: {}; `labctl up {}` brings it up",
            lab.name,
            look.unread.join("; "),
            args.lab
        )));
    }
    for why in look.unread {
        output::say(&why);
    }
    let file = environment.file_of("metrics", &lab.name);
    let before = read(&file);
    let rows = rows(&look.samples, &before.values);
    let values = rows
        .iter()
        .filter(|row| row.value.is_finite())
        .map(|row| (row.series.clone(), row.value));
    let now = Look {
        at: Some(SystemTime::now()),
        values: values.collect(),
    };
    let kept = serde_json::to_vec(&now).map_err(Into::into);
    kept.and_then(|now| environment.keep(&file, &now))
        .map_err(|source| CliError::Write { path: file, source })?;

    let count = rows.len();
    let shown: Vec<_> = rows
        .into_iter()
        .filter(|row| args.all || row.says_something())
        .collect();
    if args.json {
        let rows: Vec<_> = shown.iter().map(Row::json).collect();
        output::text(&format!("{}\n", json!(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    let hidden = count - shown.len();
    output::text(&columns(
        &["SERIES", "VALUE", "CHANGE"],
        shown.iter().map(Row::fields),
    ));
    let since = before.at.and_then(|at| at.elapsed().ok()).map_or_else(
        || "the first look".to_owned(),
        |since| {
            format!(
                "changes since {} ago",
                humantime::format_duration(Duration::from_secs(since.as_secs()))
            )
        },
    );
    output::say(&format!(
        "{since}; {hidden} series at zero and unchanged{}",
        if hidden == 0 {
            ""
        } else {
            ", `--all` shows them"
        }
    ));
    Ok(ExitCode::SUCCESS)
}

/// One line for each series; of a histogram one for all its buckets, its count and its sum.
fn rows(samples: &[Sample], before: &BTreeMap<String, f64>) -> Vec<Row> {
    let histograms: std::collections::HashSet<_> = samples
        .iter()
        .filter(|sample| !sample.label("le").is_empty())
        .filter_map(|sample| sample.name.strip_suffix("_bucket"))
        .collect();
    let sums: BTreeMap<_, _> = samples
        .iter()
        .filter_map(|sample| {
            let base = sample.name.strip_suffix("_sum")?;
            histograms
                .contains(base)
                .then(|| (named(sample, base), sample.value))
        })
        .collect();
    let row = |sample: &Sample| {
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| Some((*end, sample.name.strip_suffix(end)?)))
            .find(|(_, base)| histograms.contains(base));
        let (series, mean) = match of_histogram {
            None => (sample.series(), None),
            Some(("_count", base)) => {
                let series = named(sample, base);
                let sum = sums.get(&series).copied().unwrap_or_default();
                let mean = (sample.value > 0.0).then(|| sum / sample.value);
                (series, Some(mean.unwrap_or_default()))
            }
            Some(_) => return None,
        };
        let change = before.get(&series).map(|before| sample.value - before);
        Some(Row {
            series,
            value: sample.value,
            mean,
            change,
        })
    };
    samples.iter().filter_map(row).collect()
}

fn named(sample: &Sample, name: &str) -> String {
    let labels = sample.labels.clone();
    Sample {
        name: name.to_owned(),
        labels,
        value: sample.value,
    }
    .series()
}

impl Row {
    fn says_something(&self) -> bool {
        self.value != 0.0 || self.change.is_some_and(|change| change != 0.0)
    }

    fn fields(&self) -> Vec<String> {
        let value = match self.mean {
            None => number(self.value),
            Some(_) if self.value == 0.0 => "0 observed".to_owned(),
            Some(mean) => format!("{} observed, mean {}", number(self.value), number(mean)),
        };
        let change = match self.change {
            None => "new".to_owned(),
            Some(0.0) => String::new(),
            Some(change) if change > 0.0 => format!("+{}", number(change)),
            Some(change) => number(change),
        };
        vec![self.series.clone(), value, change]
    }

    fn json(&self) -> serde_json::Value {
        json!({"series": self.series, "value": self.value, "mean": self.mean, "change": self.change})
    }
}

/// What cannot be read was no look.
fn read(file: &PathBuf) -> Look {
    let text = fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use labctl_runbook::metrics::exposition;

    use super::*;

    #[test]
    fn a_histogram_is_one_line_and_a_change_is_since_the_last_look() {
        let page = "hits_total{op=\"get\"} 5\nidle_total 0\nfell 1\n\
                    t_seconds_bucket{le=\"0.1\",op=\"get\"} 3\nt_seconds_bucket{le=\"+Inf\",op=\"get\"} 4\n\
                    t_seconds_sum{op=\"get\"} 0.5\nt_seconds_count{op=\"get\"} 4\nrows_count 2\n";
        let samples = exposition(page).unwrap();
        let before = [
            ("hits_total{op=\"get\"}", 3.0),
            ("fell", 4.0),
            ("idle_total", 0.0),
            ("t_seconds{op=\"get\"}", 4.0),
        ];
        let before = before.map(|(series, value)| (series.to_owned(), value));
        let rows = rows(&samples, &before.into());
        let fields: Vec<_> = rows.iter().map(|row| row.fields().join(" | ")).collect();
        assert_eq!(
            fields,
            [
                "hits_total{op=\"get\"} | 5 | +2",
                "idle_total | 0 | ",
                "fell | 1 | -3",
                "t_seconds{op=\"get\"} | 4 observed, mean 0.125 | ",
                "rows_count | 2 | new",
            ]
        );
        let silent: Vec<_> = rows.iter().filter(|row| !row.says_something()).collect();
        assert_eq!(silent.len(), 1, "{silent:?}");
    }
}
