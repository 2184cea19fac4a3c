//! What a caller may send to be stored, and what is wrong with what they sent.

use std::fmt;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use service_kit::{Problem, ValidationError, malformed, read_body};

use crate::json_text::{UnstorableValue, compact};

const MAX_BODY_BYTES: usize = 1 << 20;

/// A key and the compact JSON text of its value.
///
/// ```json
/// {"key": "user-1", "value": {"name": "Ada", "balance": 100}}
/// ```
/// Accepted under any content type; other fields are ignored, and of a repeated one the last is taken.
#[derive(Debug)]
pub(crate) struct KeyValue {
    pub(super) key: Box<str>,
    pub(super) value: Box<RawValue>,
}

impl<S: Send + Sync> FromRequest<S> for KeyValue {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let body = read_body(request, MAX_BODY_BYTES).await?;
        Self::parse(&body).map_err(ValidationError::into_response)
    }
}

impl KeyValue {
    fn parse(body: &[u8]) -> Result<Self, ValidationError> {
        if body.is_empty() {
            return Err(Problem::body("missing", "Field required", Value::Null).into());
        }
        let body: &RawValue =
            serde_json::from_slice(body).map_err(|error| malformed(body, &error))?;
        if !body.get().starts_with('{') {
            let msg = "Input should be a JSON object";
            return Err(Problem::body("model_attributes_type", msg, shown(body)).into());
        }
        let fields: Fields<'_> = serde_json::from_str(body.get())
            .map_err(|error| malformed(body.get().as_bytes(), &error))?;
        let key = required(fields.key, "key", body).and_then(check_key);
        let value = required(fields.value, "value", body).and_then(check_value);
        match (key, value) {
            (Ok(key), Ok(value)) => Ok(Self { key, value }),
            (key, value) => {
                let problems = [key.err(), value.err()];
                let problems = problems.into_iter().flatten().map(|problem| *problem);
                Err(ValidationError::new(problems.collect()))
            }
        }
    }
}

fn required<'b>(
    field: Option<&'b RawValue>,
    name: &str,
    body: &RawValue,
) -> Result<&'b RawValue, Box<Problem>> {
    field.ok_or_else(|| {
        let problem = Problem::field(name, "missing", "Field required", shown(body));
        Box::new(problem)
    })
}

fn check_key(key: &RawValue) -> Result<Box<str>, Box<Problem>> {
    let problem = |kind, msg| Box::new(Problem::field("key", kind, msg, shown(key)));
    if !key.get().starts_with('"') {
        return Err(problem("string_type", "Input should be a valid string"));
    }
    let text: Box<str> = serde_json::from_str(key.get())
        .map_err(|_| problem("string_unicode", "Input should be a valid string"))?;
    if text.is_empty() {
        let msg = "String should have at least 1 character";
        return Err(problem("string_too_short", msg));
    }
    Ok(text)
}

fn check_value(value: &RawValue) -> Result<Box<RawValue>, Box<Problem>> {
    compact(value).map_err(|error| {
        let kind = match error {
            UnstorableValue::TooDeep => "recursion_loop",
            UnstorableValue::NotFinite => "finite_number",
            UnstorableValue::LoneSurrogate => "string_unicode",
        };
        let problem = Problem::field("value", kind, error.to_string(), shown(value));
        Box::new(problem)
    })
}

/// An input as the answer repeats it; null where it cannot.
fn shown(input: &RawValue) -> Value {
    serde_json::from_str(input.get()).unwrap_or_default()
}

#[derive(Default)]
struct Fields<'b> {
    key: Option<&'b RawValue>,
    value: Option<&'b RawValue>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<FieldName>()? {
            match name {
                FieldName::Key => fields.key = Some(map.next_value()?),
                FieldName::Value => fields.value = Some(map.next_value()?),
                FieldName::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(fields)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum FieldName {
    Key,
    Value,
    #[serde(other)]
    Other,
}
