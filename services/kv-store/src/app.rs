//! The routes.

use axum::Router;
use axum::routing::{get, post};
use service_kit::{method_not_allowed, not_found};

use crate::http::{
    checkpoint, clear, crash, delete, empty_key, health, list, log, metrics, read, set, stats,
};
use crate::state::AppState;

/// The whole HTTP interface of the service.
pub fn app(state: AppState) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .route("/kv", get(list::list).post(set::set))
        .route("/kv/{key}", get(read::read).delete(delete::delete))
        .route("/kv/", get(empty_key).delete(empty_key))
        .route("/admin/stats", get(stats::stats))
        .route("/admin/wal", get(log::log))
        .route("/admin/checkpoint", post(checkpoint::checkpoint))
        .route("/admin/crash", post(crash::crash))
        .route("/admin/clear", post(clear::clear))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .with_state(state)
}
