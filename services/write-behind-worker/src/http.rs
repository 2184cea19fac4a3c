//! What Docker and Prometheus ask.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use service_kit::{exposition, method_not_allowed, not_found_or_redirect};
use write_behind_queue::Consumer;

use crate::metrics::Metrics;

/// What the routes know of the worker.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) service_name: String,
    pub(crate) queue: Arc<Consumer>,
    pub(crate) metrics: Arc<Metrics>,
}

/// The whole HTTP interface of the worker.
pub(crate) fn routes(shown: Shown) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found_or_redirect)
        .with_state(shown)
}

/// GET `/health`; it does not look at the stores, which the worker waits for as long as it takes.
async fn health(State(shown): State<Shown>) -> Json<Value> {
    Json(json!({"status": "ok", "service": shown.service_name}))
}

/// GET `/metrics`; the queue grows between two looks at it, and while the database is away, so its size is asked for
/// now.
async fn metrics(State(shown): State<Shown>) -> Response {
    // Without Redis it stays what it was.
    if let Ok(queue_size) = shown.queue.queue_size().await {
        shown.metrics.queue_size.set(queue_size);
    }
    exposition(&shown.metrics.registry)
}
