//! One key, written.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use service_kit::ApiError;

use super::input::KeyValue;
use super::refused;
use crate::state::AppState;

/// The answer of a write.
#[derive(Debug, Serialize)]
struct Written<'e> {
    key: &'e str,
    value: &'e RawValue,
    wal_enabled: bool,
}

/// POST `/kv`
pub(crate) async fn set(
    State(state): State<AppState>,
    KeyValue { key, value }: KeyValue,
) -> Result<Response, ApiError> {
    let entry = state.store.set(key, value).await.map_err(refused)?;
    let written = Written {
        key: entry.key(),
        value: entry.value(),
        wal_enabled: state.wal_enabled,
    };
    Ok(Json(written).into_response())
}
