//! One key, taken away.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use service_kit::ApiError;

use super::key::{PathKey, not_found};
use super::refused;
use crate::state::AppState;

/// The answer of a delete.
#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    key: String,
    deleted: bool,
}

/// DELETE `/kv/{key}`
pub(crate) async fn delete(
    State(state): State<AppState>,
    key: PathKey,
) -> Result<Json<Deleted>, ApiError> {
    let key = key.text()?;
    let was_there = state.store.delete(key.as_str().into()).await;
    if !was_there.map_err(refused)? {
        return Err(not_found(&key));
    }
    Ok(Json(Deleted { key, deleted: true }))
}
