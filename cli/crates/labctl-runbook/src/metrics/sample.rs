//! A series and its value.

use std::fmt::{self, Write as _};

use serde_json::{Number, Value as Json};

/// The value of one series when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric's name; empty where a query has computed it.
    pub name: String,
    /// Label and value, by label.
    pub labels: Vec<(String, String)>,
    /// The value; it may be infinite or not a number.
    pub value: f64,
}

impl Sample {
    /// The value of a label; as in Prometheus, one that is not there is empty.
    pub fn label(&self, name: &str) -> &str {
        self.labels
            .iter()
            .find(|(label, _)| label == name)
            .map_or("", |(_, value)| value)
    }

    /// Gives it the label that says where it was read; one it has already of that name is kept as `exported_…`.
    pub fn set_label(&mut self, name: &str, value: &str) {
        for (label, _) in &mut self.labels {
            if label == name {
                *label = format!("exported_{name}");
            }
        }
        self.labels.push((name.to_owned(), value.to_owned()));
        self.labels.sort();
    }

    /// Whether the other one is of the same series.
    pub(crate) fn is_same_series(&self, other: &Self) -> bool {
        self.name == other.name && self.labels == other.labels
    }
}

impl Sample {
    /// `name{label="value"}`
    pub fn series(&self) -> String {
        let mut text = self.name.clone();
        for (at, (label, value)) in self.labels.iter().enumerate() {
            let opener = if at == 0 { "{" } else { "," };
            let _ = write!(text, "{opener}{label}={value:?}");
        }
        if !self.labels.is_empty() {
            text.push('}');
        }
        text
    }
}

/// `name{label="value"} 3`
impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.series())?;
        match json(self.value) {
            Json::String(text) => write!(formatter, " {text}"),
            number => write!(formatter, " {number}"),
        }
    }
}

/// What labctl read of metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetricObservation {
    /// After the block: all samples there were, or those a query gave.
    pub samples: Vec<Sample>,
    /// The same just before the block, where a change is claimed; or why it could not be read.
    pub before: Option<Result<Vec<Sample>, String>>,
}

/// A whole number as such; what is no finite number as text.
pub(crate) fn json(value: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
        return Json::from(value as i64);
    }
    match Number::from_f64(value) {
        Some(number) => Json::Number(number),
        None if value.is_nan() => Json::from("NaN"),
        None if value > 0.0 => Json::from("+Inf"),
        None => Json::from("-Inf"),
    }
}
