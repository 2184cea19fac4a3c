//! The routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use service_kit::{method_not_allowed, not_found_or_redirect, require_admin_token};

use crate::handlers::{admin, health, products};
use crate::metrics::{LIST, PRODUCT};
use crate::observe::observed;
use crate::state::AppState;

/// The whole HTTP interface of the service.
pub fn app(state: AppState) -> Router {
    let admin = Router::new()
        .route("/admin/config", get(admin::config))
        .route("/admin/queue", get(admin::queue))
        .route("/admin/flush-queue", post(admin::flush))
        .route_layer(from_fn_with_state(
            state.admin_token.clone(),
            require_admin_token,
        ));
    Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .route(
            LIST,
            post(observed(LIST, products::create)).fallback(observed(LIST, method_not_allowed)),
        )
        .route(
            "/products/{product_id}",
            get(observed(PRODUCT, products::read))
                .put(observed(PRODUCT, products::update))
                .delete(observed(PRODUCT, products::delete))
                .fallback(observed(PRODUCT, method_not_allowed)),
        )
        .merge(admin)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found_or_redirect)
        .with_state(state)
}
