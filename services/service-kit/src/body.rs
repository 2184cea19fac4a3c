//! A JSON request body, read up to a limit.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::{ApiError, Problem, ValidationError};

/// A request body that is JSON, of whatever shape.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonBody(pub Value);

/// Reads the body of `request`, at most `limit_bytes` of it.
///
/// # Errors
/// Ready to send: 413 for a longer body; 422 if it is empty, malformed or not said to be JSON;
/// 400 if it could not be read to its end.
pub async fn read_json(request: Request, limit_bytes: usize) -> Result<JsonBody, Response> {
    let is_json = is_json(request.headers().get(header::CONTENT_TYPE));
    let bytes = read_body(request, limit_bytes).await?;
    parse(&bytes, is_json).map_err(ValidationError::into_response)
}

/// Reads the body of `request`, at most `limit_bytes` of it, whatever it is said to be.
///
/// # Errors
/// Ready to send: 413 for a longer body; 400 if it could not be read to its end.
pub async fn read_body(request: Request, limit_bytes: usize) -> Result<Bytes, Response> {
    if declared_length(&request).is_some_and(|length| length > limit_bytes as u64) {
        return Err(too_large());
    }
    match to_bytes(request.into_body(), limit_bytes).await {
        Ok(bytes) => Ok(bytes),
        Err(error) if is_length_limit(&error) => Err(too_large()),
        Err(error) => {
            let answer = ApiError::new(StatusCode::BAD_REQUEST, "The request body cannot be read");
            Err(answer.because(error).into_response())
        }
    }
}

fn parse(bytes: &[u8], is_json: bool) -> Result<JsonBody, ValidationError> {
    if bytes.is_empty() {
        return Err(Problem::body("missing", "Field required", Value::Null).into());
    }
    if !is_json {
        let input = String::from_utf8_lossy(bytes).into_owned();
        let msg = "Input should be a JSON object with content type application/json";
        return Err(Problem::body("model_attributes_type", msg, json!(input)).into());
    }
    serde_json::from_slice(bytes)
        .map(JsonBody)
        .map_err(|error| malformed(bytes, &error).into())
}

/// The problem with a body that `error` says is not JSON.
pub fn malformed(body: &[u8], error: &serde_json::Error) -> Problem {
    let offset = offset(body, error.line(), error.column());
    Problem::malformed_json(offset, format!("JSON decode error: {error}"))
}

/// The offset in bytes of a line and column, both from 1.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    before + column.saturating_sub(1)
}

/// `application/json` or any `application/…+json`, with or without parameters.
fn is_json(content_type: Option<&header::HeaderValue>) -> bool {
    let Some(Ok(text)) = content_type.map(header::HeaderValue::to_str) else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let suffix = subtype.rsplit('+').next().unwrap_or_default();
    kind.eq_ignore_ascii_case("application") && suffix.eq_ignore_ascii_case("json")
}

fn declared_length(request: &Request) -> Option<u64> {
    let value = request.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if cause.to_string() == "length limit exceeded" {
            return true;
        }
        next = cause.source();
    }
    false
}

fn too_large() -> Response {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    async fn status(content_type: Option<&str>, body: &str) -> Option<u16> {
        let mut request = Request::builder();
        if let Some(value) = content_type {
            request = request.header(header::CONTENT_TYPE, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        read_json(request, 32)
            .await
            .err()
            .map(|r| r.status().as_u16())
    }

    #[tokio::test]
    async fn json_of_any_json_type_is_read() {
        for content_type in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/x+json",
        ] {
            assert_eq!(
                status(Some(content_type), "{}").await,
                None,
                "{content_type}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_not_said_to_be_json_is_not_read() {
        for content_type in [None, Some("text/plain"), Some("text/json"), Some("json")] {
            assert_eq!(
                status(content_type, "{}").await,
                Some(422),
                "{content_type:?}"
            );
        }
    }

    #[tokio::test]
    async fn one_byte_too_many_is_413_with_and_without_a_declared_length() {
        let body = format!("\"{}\"", "x".repeat(30));
        assert_eq!(status(Some("application/json"), &body).await, None);
        let body = format!("\"{}\"", "x".repeat(31));
        assert_eq!(status(Some("application/json"), &body).await, Some(413));
        let request = Request::builder().header(header::CONTENT_LENGTH, "33");
        let answer = read_json(request.body(Body::empty()).unwrap(), 32).await;
        assert_eq!(answer.unwrap_err().status(), 413);
    }

    #[test]
    fn malformed_json_is_placed() {
        assert_eq!(
            parse(b"{\n \"a\": x}", true).unwrap_err(),
            Problem::malformed_json(
                8,
                "JSON decode error: expected value at line 2 column 7".into()
            )
            .into()
        );
    }
}
