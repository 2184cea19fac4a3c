//! The text of a `/metrics` page, in Prometheus' own format or in `OpenMetrics`.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats>. Only samples are read; timestamps and exemplars are
//! passed over. The crates that read one of the formats refuse the other's exemplars and `# EOF`.

use super::{
    Sample,
    selector::{name, quoted},
};

/// A line that is no sample.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no sample of a metric")]
pub struct NotAnExposition {
    /// Its number, from 1.
    pub line: usize,
}

/// The samples on a page, in order.
///
/// # Errors
/// A line is neither a sample, a comment nor empty.
pub fn exposition(text: &str) -> Result<Vec<Sample>, NotAnExposition> {
    let mut samples = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        samples.push(sample(line).ok_or(NotAnExposition { line: number })?);
    }
    Ok(samples)
}

/// `name{label="value"} 3 1700000000`
fn sample(line: &str) -> Option<Sample> {
    let name = name(line, true);
    if name.is_empty() {
        return None;
    }
    let mut rest = &line[name.len()..];
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let label = self::name(rest, false);
            let value = rest[label.len()..].trim_start().strip_prefix('=')?;
            let value = value.trim_start();
            let (text, length) = quoted(value)?;
            labels.push((label.to_owned(), text.into_owned()));
            rest = value[length..].trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None if rest.starts_with('}') => {}
                None => return None,
            }
        }
    }
    labels.sort();
    Some(Sample {
        name: name.to_owned(),
        labels,
        value: number(rest.split_whitespace().next()?)?,
    })
}

/// As Go reads it, which takes `+Inf` and `NaN`.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let samples = exposition(text).expect("it is one");
        let shown: Vec<_> = samples.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn samples_of_both_formats_are_read() {
        check(
            "# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total 3\n\n\
             hits_total{b=\"2\",a=\"x\\\"y\",} 4.5 1395066363000\nup{ a = \"1\" } +Inf\nodd NaN\n",
            &[
                "hits_total 3",
                "hits_total{a=\"x\\\"y\",b=\"2\"} 4.5",
                "up{a=\"1\"} +Inf",
                "odd NaN",
            ],
        );
        check(
            "# TYPE t histogram\nt_bucket{le=\"0.1\"} 8.0 # {trace_id=\"a\"} 0.054\n\
             t_sum 1.5e-3\n# EOF\n",
            &["t_bucket{le=\"0.1\"} 8", "t_sum 0.0015"],
        );
        check("", &[]);
    }

    #[test]
    fn what_is_no_sample_is_refused_with_its_line() {
        for text in [
            "up 1\n<html>",
            "a 1\nb",
            "a 1\nb{c=\"d} 1",
            "a 1\nb{c=d} 1",
            "a 1\nb x",
        ] {
            assert_eq!(exposition(text), Err(NotAnExposition { line: 2 }), "{text}");
        }
    }
}
