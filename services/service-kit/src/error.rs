//! An error as the caller sees it, and its cause as the log sees it.

use std::borrow::Cow;
use std::error::Error;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Answers `{"detail": "<message>"}` with a status; the cause, if there is one, goes to the log only.
///
/// The cause is logged where the error becomes a response, and nowhere else.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {message}")]
pub struct ApiError {
    status: StatusCode,
    message: Cow<'static, str>,
    #[source]
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// An error that is the caller's: nothing to log.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            cause: None,
        }
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn because(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The status this error answers with.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            let status = self.status.as_u16();
            tracing::error!(
                status,
                error = error_chain(cause.as_ref()),
                "{}",
                self.message
            );
        }
        (self.status, Json(json!({ "detail": self.message }))).into_response()
    }
}

/// An error and its causes on one line, for the log.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Some libraries repeat the cause in their own message.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_log_gets_the_whole_chain() {
        let error = Outer(std::io::Error::other("inner"));
        assert_eq!(error_chain(&error), "outer: inner");
    }
}
