//! What callers send, and what is wrong with it.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use service_kit::{Problem, ValidationError, malformed, read_body};

use crate::clock::Timestamp;
use crate::contents::{Contents, LastWrite};

/// Ten minutes.
pub(crate) const MAX_DELAY_MS: u64 = 600_000;
/// Integers above are not exact in all JSON readers.
const MAX_INTEGER: u64 = 1 << 53;
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;
/// A whole state.
const MAX_STATE_BYTES: usize = 256 << 20;

type Checked<T> = Result<T, Box<Problem>>;

/// A JSON object under any content type.
#[derive(Debug)]
pub(crate) struct Fields<const LIMIT: usize = MAX_BODY_BYTES>(Map<String, Value>);

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for Fields<LIMIT> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let body = read_body(request, LIMIT).await?;
        if body.is_empty() {
            let problem = Problem::body("missing", "Field required", Value::Null);
            return Err(ValidationError::from(problem).into_response());
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(other) => {
                let msg = "Input should be a JSON object";
                let problem = Problem::body("model_attributes_type", msg, other);
                Err(ValidationError::from(problem).into_response())
            }
            Err(error) => Err(ValidationError::from(malformed(&body, &error)).into_response()),
        }
    }
}

impl<const LIMIT: usize> Fields<LIMIT> {
    fn required(&self, name: &str) -> Checked<&Value> {
        self.0.get(name).ok_or_else(|| {
            let input = Value::Object(self.0.clone());
            Box::new(Problem::field(name, "missing", "Field required", input))
        })
    }

    fn text(&self, name: &str) -> Checked<&str> {
        let value = self.required(name)?;
        value.as_str().ok_or_else(|| {
            let msg = "Input should be a valid string";
            Box::new(Problem::field(name, "string_type", msg, value.clone()))
        })
    }

    fn integer(&self, name: &str, max: u64) -> Checked<Option<u64>> {
        let value = self.0.get(name);
        value.map(|value| integer(name, value, max)).transpose()
    }
}

/// A key and its value.
#[derive(Debug)]
pub(crate) struct KeyValue {
    pub(crate) key: Arc<str>,
    pub(crate) value: Value,
}

/// A replica's URL and its delay.
#[derive(Debug)]
pub(crate) struct DelayChange {
    pub(crate) replica_url: String,
    pub(crate) delay_ms: u64,
}

/// Several of them.
#[derive(Debug)]
pub(crate) struct DelayChanges(pub(crate) Vec<DelayChange>);

/// A state, as the primary sends it.
#[derive(Debug)]
pub(crate) struct SentState {
    pub(crate) contents: Contents,
    pub(crate) version: u64,
    pub(crate) epoch: Option<u64>,
}

/// Of a reset that comes from the primary.
#[derive(Debug)]
pub(crate) struct ResetEpoch(pub(crate) Option<u64>);

impl<S: Send + Sync> FromRequest<S> for KeyValue {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let fields = Fields::<MAX_BODY_BYTES>::from_request(request, state).await?;
        let (key, value) = all(fields.text("key"), fields.required("value"))?;
        Ok(Self {
            key: key.into(),
            value: value.clone(),
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for DelayChange {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let fields = Fields::<MAX_BODY_BYTES>::from_request(request, state).await?;
        let delay = fields.required("delay_ms");
        let delay = delay.and_then(|value| integer("delay_ms", value, MAX_DELAY_MS));
        let (url, delay_ms) = all(fields.text("replica_url"), delay)?;
        Ok(Self {
            replica_url: url.to_owned(),
            delay_ms,
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for DelayChanges {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let fields = Fields::<MAX_BODY_BYTES>::from_request(request, state).await?;
        let changes = fields.required("delays").and_then(|delays| {
            let map = delays.as_object().ok_or_else(|| {
                let msg = "Input should be a valid dictionary";
                Box::new(Problem::field("delays", "dict_type", msg, delays.clone()))
            })?;
            map.iter()
                .map(|(url, delay)| {
                    Ok(DelayChange {
                        replica_url: url.clone(),
                        delay_ms: integer("delays", delay, MAX_DELAY_MS)?,
                    })
                })
                .collect()
        });
        Ok(Self(refused(changes)?))
    }
}

impl<S: Send + Sync> FromRequest<S> for SentState {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let fields = Fields::<MAX_STATE_BYTES>::from_request(request, state).await?;
        refused(Self::from_fields(&fields.0))
    }
}

impl SentState {
    /// From a `/replicate` body, or from what a replica says of its state.
    pub(crate) fn from_fields(fields: &Map<String, Value>) -> Checked<Self> {
        let fields = Fields::<MAX_STATE_BYTES>(fields.clone());
        let data = match fields.0.get("data") {
            None => Map::new(),
            Some(Value::Object(data)) => data.clone(),
            Some(_) => {
                return Err(wrong(
                    "data",
                    "dict_type",
                    "Input should be a valid dictionary",
                ));
            }
        };
        let version = fields.integer("version", MAX_INTEGER)?.unwrap_or(0);
        let timestamp = match fields.0.get("write_timestamp") {
            None => 0.0,
            Some(value) => value.as_f64().ok_or_else(|| {
                wrong(
                    "write_timestamp",
                    "float_type",
                    "Input should be a valid number",
                )
            })?,
        };
        let id = match fields.0.get("write_id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.as_str().into()),
            Some(_) => {
                return Err(wrong(
                    "write_id",
                    "string_type",
                    "Input should be a valid string",
                ));
            }
        };
        let last_write = (version > 0).then_some(LastWrite {
            id,
            timestamp: Timestamp(timestamp),
        });
        Ok(Self {
            contents: Contents {
                data: data.into(),
                last_write,
            },
            version,
            epoch: fields.integer("epoch", MAX_INTEGER)?,
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for ResetEpoch {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let body = read_body(request, MAX_BODY_BYTES).await?;
        let body: Option<Value> = serde_json::from_slice(&body).ok();
        let epoch = body.and_then(|body| body.get("epoch")?.as_u64());
        Ok(Self(epoch.filter(|epoch| *epoch <= MAX_INTEGER)))
    }
}

/// `text` as a delay in milliseconds, where a header has one.
pub(crate) fn delay_header(text: &str) -> Result<u64, ValidationError> {
    let name = "x-replication-delay-ms";
    integer(name, &Value::String(text.to_owned()), MAX_DELAY_MS)
        .map_err(|problem| (*problem).into())
}

fn integer(name: &str, value: &Value, max: u64) -> Checked<u64> {
    let problem = |kind, msg: String| Box::new(Problem::field(name, kind, msg, value.clone()));
    let number = match value {
        Value::Number(number) => number.as_i128().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let msg = "Input should be a valid integer";
    let number = number.ok_or_else(|| problem("int_type", msg.to_owned()))?;
    if number < 0 {
        let msg = "Input should be greater than or equal to 0";
        return Err(problem("greater_than_equal", msg.to_owned()));
    }
    u64::try_from(number)
        .ok()
        .filter(|number| *number <= max)
        .ok_or_else(|| {
            problem(
                "less_than_equal",
                format!("Input should be less than or equal to {max}"),
            )
        })
}

fn whole(number: f64) -> Option<i128> {
    // Exact: it has no fraction and is small.
    #[expect(clippy::cast_possible_truncation, reason = "checked in the same line")]
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i128)
}

fn wrong(name: &str, kind: &'static str, msg: &str) -> Box<Problem> {
    Box::new(Problem::field(name, kind, msg, Value::Null))
}

#[expect(clippy::result_large_err, reason = "an extractor's answer")]
fn refused<T>(checked: Checked<T>) -> Result<T, Response> {
    checked.map_err(|problem| ValidationError::from(*problem).into_response())
}

#[expect(clippy::result_large_err, reason = "an extractor's answer")]
fn all<A, B>(one: Checked<A>, other: Checked<B>) -> Result<(A, B), Response> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (one, other) => {
            let problems = [one.err(), other.err()].into_iter().flatten();
            let problems = problems.map(|problem| *problem).collect();
            Err(ValidationError::new(problems).into_response())
        }
    }
}
