//! What Docker asks.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::state::AppState;

/// The answer of `/health`.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    service: String,
    wal_enabled: bool,
}

/// GET `/health`
pub(crate) async fn health(State(state): State<AppState>) -> Json<Health> {
    Json(Health {
        status: "ok",
        service: state.service_name.clone(),
        wal_enabled: state.wal_enabled,
    })
}
