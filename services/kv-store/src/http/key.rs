//! The `{key}` of a path.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::json;
use service_kit::{ApiError, Problem, ValidationError};

/// A key as it stands in the path, percent-decoded: `%2F` is a slash in it.
///
/// What does not decode to text is no key, and so not in the store; then this is the undecoded text.
#[derive(Debug)]
pub(crate) struct PathKey(Result<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for PathKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let decoded = Path::<String>::from_request_parts(parts, state).await;
        let segment = || parts.uri.path().trim_start_matches("/kv/").to_owned();
        Ok(Self(
            decoded.map_or_else(|_| Err(segment()), |Path(key)| Ok(key)),
        ))
    }
}

impl PathKey {
    /// The key.
    ///
    /// # Errors
    /// 404, as no entry has such a key.
    pub(super) fn text(self) -> Result<String, ApiError> {
        self.0.map_err(|segment| not_found(&segment))
    }
}

/// The answer for a key that is not there.
pub(super) fn not_found(key: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, format!("Key '{key}' not found"))
}

/// GET or DELETE `/kv/`
pub(crate) async fn empty_key() -> ValidationError {
    let msg = "String should have at least 1 character";
    Problem::path("key", "string_too_short", msg, json!("")).into()
}
