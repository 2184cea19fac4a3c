//! What Prometheus asks.

use axum::extract::State;
use axum::response::Response;
use service_kit::exposition;

use crate::state::AppState;

/// GET `/metrics`
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    exposition(&state.metrics.registry)
}
