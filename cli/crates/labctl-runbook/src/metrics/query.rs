//! What Prometheus answers to an instant query.
//!
//! ```text
//! {"status": "success", "data": {"resultType": "vector",
//!   "result": [{"metric": {"__name__": "up", "job": "api"}, "value": [1700000000.1, "1"]}]}}
//! {"status": "error", "errorType": "bad_data", "error": "…"}
//! ```
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Sample, exposition::number};

/// Why an answer has no samples.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query is wrong: asking again will not help.
    #[error("Prometheus refuses the query: {0}")]
    Refused(String),
    /// The query gives something that has no value now.
    #[error("the query gives a {0}, not one value for each series")]
    NotInstant(String),
    /// Not what Prometheus answers.
    #[error("this is no answer of Prometheus")]
    NotPrometheus,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", tag = "status")]
enum Answer {
    Success { data: Data },
    Error { error: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Json,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

/// The samples in the body of an answer.
///
/// # Errors
/// See [`QueryError`].
pub fn query_answer(body: &str) -> Result<Vec<Sample>, QueryError> {
    let not_prometheus = |_| QueryError::NotPrometheus;
    let data = match serde_json::from_str(body).map_err(not_prometheus)? {
        Answer::Success { data } => data,
        Answer::Error { error } => return Err(QueryError::Refused(error)),
    };
    let value = |text: &str| number(text).ok_or(QueryError::NotPrometheus);
    match data.result_type.as_str() {
        "vector" => {
            let series: Vec<Series> =
                serde_json::from_value(data.result).map_err(not_prometheus)?;
            series
                .into_iter()
                .map(|mut series| {
                    Ok(Sample {
                        name: series.metric.remove("__name__").unwrap_or_default(),
                        labels: series.metric.into_iter().collect(),
                        value: value(&series.value.1)?,
                    })
                })
                .collect()
        }
        "scalar" => {
            let (_, text): (f64, String) =
                serde_json::from_value(data.result).map_err(not_prometheus)?;
            Ok(vec![Sample {
                name: String::new(),
                labels: Vec::new(),
                value: value(&text)?,
            }])
        }
        other => Err(QueryError::NotInstant(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_scalars_are_read_and_all_else_is_said() {
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"api"},"value":[1700000000.1,"1"]},
            {"metric":{},"value":[1700000000.1,"NaN"]}]}}"#;
        let samples = query_answer(vector).expect("it is one");
        let shown: Vec<_> = samples.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["up{job=\"api\"} 1", " NaN"]);
        let scalar =
            r#"{"status":"success","data":{"resultType":"scalar","result":[1700000000,"2.5"]}}"#;
        let value = query_answer(scalar).expect("it is one")[0].value;
        assert_eq!(value.to_string(), "2.5");
        let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
        let not_instant = QueryError::NotInstant("matrix".to_owned());
        assert_eq!(query_answer(matrix), Err(not_instant));
        let error = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        let refused = QueryError::Refused("parse error".to_owned());
        assert_eq!(query_answer(error), Err(refused));
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}"#,
        ] {
            assert_eq!(query_answer(body), Err(QueryError::NotPrometheus), "{body}");
        }
    }
}
