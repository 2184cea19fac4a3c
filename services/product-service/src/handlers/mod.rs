//! One function for each route.

pub(crate) mod admin;
pub(crate) mod health;
pub(crate) mod products;
pub(crate) mod stale;

use axum::http::StatusCode;
use service_kit::{ApiError, PostgresError};

use crate::cache::CacheError;

fn database_error(error: PostgresError) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Database error").because(error)
}

fn cache_error(error: CacheError) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cache unavailable").because(error)
}
