//! A checkpoint by hand.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use service_kit::ApiError;

use crate::state::AppState;
use crate::store::CheckpointRefused;

/// The answer, given when the checkpoint is durable.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    status: &'static str,
    entries_truncated: u64,
}

/// POST `/admin/checkpoint`
pub(crate) async fn checkpoint(State(state): State<AppState>) -> Result<Json<Created>, ApiError> {
    let unavailable = |message| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message);
    let entries_truncated = state.store.checkpoint().await.map_err(|why| match why {
        CheckpointRefused::NoLog => ApiError::new(
            StatusCode::BAD_REQUEST,
            "There is no log: WAL_ENABLED is false",
        ),
        CheckpointRefused::Failed => unavailable("The checkpoint cannot be written"),
        CheckpointRefused::Stopped => unavailable("The store is closing"),
    })?;
    Ok(Json(Created {
        status: "checkpoint created",
        entries_truncated,
    }))
}
