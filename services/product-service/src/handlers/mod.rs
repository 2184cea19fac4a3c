//! One function for each route.

pub(crate) mod admin;
pub(crate) mod health;
pub(crate) mod products;
pub(crate) mod stale;

use axum::http::StatusCode;
use service_kit::ApiError;

use crate::cache::CacheError;
use crate::database::DatabaseError;

fn database_error(error: DatabaseError) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Database error").because(error)
}

fn cache_error(error: CacheError) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cache unavailable").because(error)
}
