//! One key, read.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use service_kit::ApiError;

use super::key::{PathKey, not_found};
use crate::state::AppState;

/// The answer of a read.
#[derive(Debug, Serialize)]
struct Found<'e> {
    key: &'e str,
    value: &'e RawValue,
}

/// GET `/kv/{key}`
pub(crate) async fn read(
    State(state): State<AppState>,
    key: PathKey,
) -> Result<Response, ApiError> {
    let key = key.text()?;
    let entry = state.store.get(&key).ok_or_else(|| not_found(&key))?;
    let found = Found {
        key: entry.key(),
        value: entry.value(),
    };
    Ok(Json(found).into_response())
}
