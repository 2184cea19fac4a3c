//! What Docker and Prometheus ask.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use service_kit::exposition;

use crate::state::AppState;

/// The answer of `/health`; it does not look at the stores.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    service: String,
}

/// GET `/health`
pub(crate) async fn health(State(state): State<AppState>) -> Json<Health> {
    Json(Health {
        status: "ok",
        service: state.service_name.clone(),
    })
}

/// GET `/metrics`; the worker changes the queue as well, so its size is asked for now.
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    // Without Redis it stays what it was.
    if let Ok(queue_size) = state.queue.queue_size().await {
        state.metrics.queue_size.set(queue_size);
    }
    exposition(&state.metrics.registry)
}
