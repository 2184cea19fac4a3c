//! The routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use service_kit::{method_not_allowed, not_found_or_redirect, observed, require_admin_token};

use crate::handlers::{cache, health, items};
use crate::metrics::{ITEM, LIST};
use crate::state::AppState;

/// The whole HTTP interface of the service.
pub fn app(state: AppState) -> Router {
    let clear = Router::new()
        .route("/cache/clear", post(cache::clear))
        .route_layer(from_fn_with_state(
            state.admin_token.clone(),
            require_admin_token,
        ));
    Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .route("/cache/stats", get(cache::stats))
        .route(
            LIST,
            get(observed(LIST, items::list))
                .post(observed(LIST, items::create))
                .fallback(observed(LIST, method_not_allowed)),
        )
        .route(
            "/items/{item_id}",
            get(observed(ITEM, items::read))
                .put(observed(ITEM, items::update))
                .delete(observed(ITEM, items::delete))
                .fallback(observed(ITEM, method_not_allowed)),
        )
        .merge(clear)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found_or_redirect)
        .with_state(state)
}
