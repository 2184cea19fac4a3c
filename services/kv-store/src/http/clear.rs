//! Everything, taken away.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use service_kit::ApiError;

use super::refused;
use crate::state::AppState;

/// The answer of a clear.
#[derive(Debug, Serialize)]
pub(crate) struct Cleared {
    status: &'static str,
    items: usize,
}

/// POST `/admin/clear`
pub(crate) async fn clear(State(state): State<AppState>) -> Result<Json<Cleared>, ApiError> {
    state.store.clear().await.map_err(refused)?;
    Ok(Json(Cleared {
        status: "cleared",
        items: 0,
    }))
}
