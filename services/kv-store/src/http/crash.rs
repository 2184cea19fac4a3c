//! The crash button.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::state::AppState;

/// The answer, given before the crash.
#[derive(Debug, Serialize)]
pub(crate) struct Crashing {
    status: &'static str,
    items_in_memory: usize,
    wal_enabled: bool,
    message: &'static str,
}

/// POST `/admin/crash`
pub(crate) async fn crash(State(state): State<AppState>) -> Json<Crashing> {
    let items_in_memory = state.store.stats().items;
    tracing::warn!(items_in_memory, "crash asked for");
    state.crash.press();
    Json(Crashing {
        status: "crashing",
        items_in_memory,
        wal_enabled: state.wal_enabled,
        message: "The process ends in a moment and Docker starts it again; then see GET /admin/stats",
    })
}
