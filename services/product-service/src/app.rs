//! The routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use service_kit::{method_not_allowed, not_found_or_redirect, observed, require_admin_token};

use crate::handlers::{admin, health, products, stale};
use crate::metrics::{ITEM, LIST};
use crate::state::AppState;

/// The whole HTTP interface of the service.
pub fn app(state: AppState) -> Router {
    let admin = Router::new()
        .route("/admin/cache/clear", post(admin::clear))
        .route("/admin/cache/key/{id}", get(admin::show_key))
        .route("/admin/invalidate/{id}", post(admin::invalidate))
        .route("/admin/cache-stats", get(admin::stats))
        .route("/admin/simulate-stale-read/{id}", post(stale::simulate))
        .route_layer(from_fn_with_state(
            state.admin_token.clone(),
            require_admin_token,
        ));
    Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .route(
            LIST,
            get(observed(LIST, products::list))
                .post(observed(LIST, products::create))
                .fallback(observed(LIST, method_not_allowed)),
        )
        .route(
            "/products/{product_id}",
            get(observed(ITEM, products::read))
                .put(observed(ITEM, products::update))
                .delete(observed(ITEM, products::delete))
                .fallback(observed(ITEM, method_not_allowed)),
        )
        .merge(admin)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found_or_redirect)
        .with_state(state)
}
