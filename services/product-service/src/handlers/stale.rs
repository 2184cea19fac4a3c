//! A stale read made on purpose: the row changes behind the cache's back.

use std::time::Instant;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use service_kit::{ApiError, Parameters, PathId, ValidationError, milliseconds};

use super::{cache_error, database_error};
use crate::cache::Lookup;
use crate::product::not_found;
use crate::query::new_price;
use crate::state::AppState;

/// The answer of the simulation.
#[derive(Debug, Serialize)]
pub(crate) struct StaleScenario {
    status: &'static str,
    product_id: String,
    database_price: f64,
    cached_price: f64,
    cache_ttl_remaining: i64,
    message: String,
}

/// POST `/admin/simulate-stale-read/{id}?new_price=N`
pub(crate) async fn simulate(
    State(state): State<AppState>,
    id: PathId,
    Query(parameters): Parameters,
) -> Result<Response, ApiError> {
    let price = match new_price(&parameters) {
        Ok(price) => price,
        Err(error) => return Ok(ValidationError::into_response(error)),
    };
    let id = id.storable().ok_or_else(not_found)?;
    let entry = state.cache.entry(&id).await.map_err(cache_error)?;
    let entry = entry.ok_or_else(not_cached)?;
    let Lookup::Hit(cached) = Lookup::decode(&entry.value) else {
        return Err(not_cached());
    };
    let started = Instant::now();
    let statement = &state.metrics.update;
    let row = match state.database.reprice(&id, price).await {
        Ok(row) => row,
        Err(error) => {
            statement.failed(started.elapsed());
            return Err(database_error(error));
        }
    };
    let elapsed = started.elapsed();
    statement.answered(elapsed, row.is_some());
    let row = row.ok_or_else(not_found)?;
    tracing::info!(
        statement = statement.name,
        product_id = id,
        duration_ms = milliseconds(elapsed),
        "database"
    );
    let message = format!(
        "The database says {:?}, the cache will say {:?} for another {} seconds; \
         POST /admin/invalidate/{id} repairs it",
        row.price, cached.price, entry.ttl_seconds
    );
    Ok(Json(StaleScenario {
        status: "stale_scenario_created",
        product_id: id,
        database_price: row.price,
        cached_price: cached.price,
        cache_ttl_remaining: entry.ttl_seconds,
        message,
    })
    .into_response())
}

fn not_cached() -> ApiError {
    let message = "Product is not in the cache: read it first, with GET /products/{id}";
    ApiError::new(StatusCode::BAD_REQUEST, message)
}
