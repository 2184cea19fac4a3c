//! The 422 answer: what is wrong with an input, one entry for each problem.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// One thing that is wrong with an input.
///
/// ```json
/// {"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {}}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    loc: Vec<Value>,
    msg: String,
    input: Value,
}

impl Problem {
    /// A problem of `kind` with the body as a whole.
    pub fn body(kind: &'static str, msg: impl Into<String>, input: Value) -> Self {
        Self::at(vec![json!("body")], kind, msg, input)
    }

    /// A problem of `kind` with one field of the body.
    pub fn field(field: &str, kind: &'static str, msg: impl Into<String>, input: Value) -> Self {
        Self::at(vec![json!("body"), json!(field)], kind, msg, input)
    }

    /// A problem of `kind` with one query parameter.
    pub fn query(name: &str, kind: &'static str, msg: impl Into<String>, input: Value) -> Self {
        Self::at(vec![json!("query"), json!(name)], kind, msg, input)
    }

    /// A problem of `kind` with one segment of the path.
    pub fn path(name: &str, kind: &'static str, msg: impl Into<String>, input: Value) -> Self {
        Self::at(vec![json!("path"), json!(name)], kind, msg, input)
    }

    /// A body that stops being JSON at `offset`, in bytes.
    pub fn malformed_json(offset: usize, msg: String) -> Self {
        let loc = vec![json!("body"), json!(offset)];
        Self::at(loc, "json_invalid", msg, json!({}))
    }

    fn at(loc: Vec<Value>, kind: &'static str, msg: impl Into<String>, input: Value) -> Self {
        Self {
            kind,
            loc,
            msg: msg.into(),
            input,
        }
    }
}

/// Answers 422 with `{"detail": [<problem>, …]}`; there is at least one problem.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationError(Vec<Problem>);

impl ValidationError {
    /// All that is wrong with an input; `problems` must not be empty.
    pub fn new(problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty(), "an error without a problem");
        Self(problems)
    }

    /// What is wrong, in the order of the answer.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for ValidationError {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoResponse for ValidationError {
    fn into_response(self) -> Response {
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({ "detail": self.0 })),
        )
            .into_response()
    }
}
