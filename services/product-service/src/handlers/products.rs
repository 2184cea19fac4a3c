//! The catalogue: reads go through the cache, writes to the database and then drop the cache key.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use service_kit::{
    ApiError, Fact, ItemInput, Parameters, PathId, PostgresError, Span, ValidationError,
    error_chain, limit, milliseconds, to_its_end,
};
use uuid::Uuid;

use super::database_error;
use crate::cache::{Cache, CacheError, Lookup};
use crate::metrics::{Reason, Statement};
use crate::product::not_found;
use crate::product::{CacheStatus, Product, ProductAnswer};
use crate::state::AppState;

/// The answer of the list.
#[derive(Debug, Serialize)]
pub(crate) struct ProductList {
    products: Vec<Product>,
    count: usize,
}

/// The answer of a delete.
#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    status: &'static str,
    id: String,
}

/// GET `/products/{id}`
pub(crate) async fn read(State(state): State<AppState>, id: PathId) -> Result<Response, ApiError> {
    state.metrics.total_reads.fetch_add(1, Ordering::Relaxed);
    let id = id.storable().ok_or_else(not_found)?;
    let (product, status) = match look_up(&state, &id).await {
        Ok(Lookup::Hit(product)) => (product, CacheStatus::Hit),
        Ok(missed) => {
            if missed == Lookup::Undecodable {
                discard(&state, &id).await;
            }
            (fill_from_database(&state, &id).await?, CacheStatus::Miss)
        }
        Err(LookupError) => {
            let product = select(&state, &id).await?;
            (product, CacheStatus::Error)
        }
    };
    let answer = ProductAnswer {
        product,
        cache_status: Some(status),
    };
    Ok((Extension(Fact::Cache(status.as_str())), Json(answer)).into_response())
}

/// POST `/products`
pub(crate) async fn create(
    State(state): State<AppState>,
    input: ItemInput,
) -> Result<Response, ApiError> {
    state.metrics.total_writes.fetch_add(1, Ordering::Relaxed);
    let id = Uuid::new_v4().to_string();
    let span = Span::statement("db_insert", "INSERT");
    span.set("product.id", id.as_str());
    span.set("cache.write", false);
    let started = Instant::now();
    let inserted = state.database.insert(&id, &input).await;
    let inserted = done(&span, &state.metrics.insert, &id, started, inserted);
    drop(span);
    let product = inserted.map_err(database_error)?;
    let product = product
        .ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Database error"))?;
    let answer = ProductAnswer {
        product,
        cache_status: None,
    };
    Ok((Extension(Fact::Created(id)), Json(answer)).into_response())
}

/// PUT `/products/{id}`
pub(crate) async fn update(
    State(state): State<AppState>,
    id: PathId,
    input: ItemInput,
) -> Result<Json<ProductAnswer>, ApiError> {
    state.metrics.total_writes.fetch_add(1, Ordering::Relaxed);
    let id = id.storable().ok_or_else(not_found)?;
    to_its_end(async move {
        let span = Span::statement("db_update", "UPDATE");
        span.set("product.id", id.as_str());
        let started = Instant::now();
        let updated = state.database.update(&id, &input).await;
        let updated = done(&span, &state.metrics.update, &id, started, updated);
        drop(span);
        let (product, is_invalidated) = after_write(&state, &id, Reason::Update, updated).await?;
        let cache_status = if is_invalidated {
            CacheStatus::Invalidated
        } else {
            CacheStatus::Error
        };
        Ok(Json(ProductAnswer {
            product,
            cache_status: Some(cache_status),
        }))
    })
    .await
}

/// DELETE `/products/{id}`
pub(crate) async fn delete(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<Deleted>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    to_its_end(async move {
        let span = Span::statement("db_delete", "DELETE");
        span.set("product.id", id.as_str());
        let started = Instant::now();
        let deleted = state.database.delete(&id).await;
        let deleted = done(&span, &state.metrics.delete, &id, started, deleted);
        drop(span);
        after_write(&state, &id, Reason::Delete, deleted).await?;
        Ok(Json(Deleted {
            status: "deleted",
            id,
        }))
    })
    .await
}

/// GET `/products?limit=N`
pub(crate) async fn list(
    State(state): State<AppState>,
    Query(parameters): Parameters,
) -> Result<Response, ApiError> {
    let limit = match limit(&parameters) {
        Ok(limit) => limit,
        Err(error) => return Ok(ValidationError::into_response(error)),
    };
    let span = Span::statement("db_select_all", "SELECT");
    span.set("db.limit", limit);
    let started = Instant::now();
    let statement = &state.metrics.select_all;
    let products = match state.database.select_all(limit).await {
        Ok(products) => products,
        Err(error) => {
            statement.failed(started.elapsed());
            span.fail(&error_chain(&error));
            return Err(database_error(error));
        }
    };
    let elapsed = started.elapsed();
    statement.answered(elapsed, true);
    span.set("db.rows_affected", products.len());
    drop(span);
    tracing::info!(
        statement = statement.name,
        rows = products.len(),
        duration_ms = milliseconds(elapsed),
        "database"
    );
    let count = products.len();
    Ok(Json(ProductList { products, count }).into_response())
}

/// The cache cannot be asked; why has been logged.
struct LookupError;

async fn look_up(state: &AppState, id: &str) -> Result<Lookup, LookupError> {
    let key = Cache::key(id);
    if state.owed.is_owed(id) {
        state.metrics.cache_misses.inc();
        tracing::info!(key, "cache BYPASS");
        return Err(LookupError);
    }
    let span = Span::command("cache_lookup", "GET", &key);
    let started = Instant::now();
    let found = state.cache.get(id).await;
    let elapsed = started.elapsed();
    state.metrics.cache_get.observe(elapsed.as_secs_f64());
    span.set("cache.hit", matches!(found, Ok(Lookup::Hit(_))));
    match &found {
        Ok(Lookup::Hit(_)) => {
            span.set("cache.duration_ms", milliseconds(elapsed));
            state.metrics.cache_hits.inc();
            tracing::info!(key, duration_ms = milliseconds(elapsed), "cache HIT");
        }
        Ok(Lookup::Miss) => {
            state.metrics.cache_misses.inc();
            tracing::info!(key, "cache MISS");
        }
        Ok(Lookup::Undecodable) => {
            state.metrics.cache_misses.inc();
            tracing::warn!(key, "cache MISS: the entry is no product");
        }
        Err(error) => {
            state.metrics.cache_misses.inc();
            let error = error_chain(error);
            span.fail(&error);
            tracing::warn!(key, error, "cache lookup failed");
        }
    }
    found.map_err(|_: CacheError| LookupError)
}

async fn discard(state: &AppState, id: &str) {
    if let Err(error) = state.cache.discard(id).await {
        tracing::warn!(
            key = Cache::key(id),
            error = error_chain(&error),
            "entry not removed"
        );
    }
}

/// The generation is noted before the row is read, so that a write in between makes the fill void.
async fn fill_from_database(state: &AppState, id: &str) -> Result<Product, ApiError> {
    let noted = state.cache.note_generation(id).await;
    let product = select(state, id).await?;
    let key = Cache::key(id);
    let ttl_seconds = state.cache_ttl_seconds;
    let span = Span::command("cache_populate", "SETEX", &key);
    span.set("cache.ttl_seconds", ttl_seconds);
    let started = Instant::now();
    let filled = match noted {
        Ok(noted) => state.cache.fill(&product, noted).await,
        Err(error) => Err(error),
    };
    let elapsed = started.elapsed();
    span.set("cache.duration_ms", milliseconds(elapsed));
    state.metrics.cache_set.observe(elapsed.as_secs_f64());
    match filled {
        Ok(true) => {
            tracing::info!(
                key,
                ttl_seconds,
                duration_ms = milliseconds(elapsed),
                "cache POPULATE"
            );
        }
        Ok(false) => tracing::info!(
            key,
            "cache not populated: the product was written meanwhile"
        ),
        Err(error) => {
            let error = error_chain(&error);
            span.fail(&error);
            tracing::warn!(key, error, "cache not populated");
        }
    }
    Ok(product)
}

async fn select(state: &AppState, id: &str) -> Result<Product, ApiError> {
    let span = Span::statement("db_read", "SELECT");
    span.set("product.id", id);
    let started = Instant::now();
    let selected = state.database.select(id).await;
    done(&span, &state.metrics.select, id, started, selected)
        .map_err(database_error)?
        .ok_or_else(not_found)
}

/// Counts, times and logs a statement on one product.
fn done(
    span: &Span,
    statement: &Statement,
    product_id: &str,
    started: Instant,
    outcome: Result<Option<Product>, PostgresError>,
) -> Result<Option<Product>, PostgresError> {
    let elapsed = started.elapsed();
    match &outcome {
        Ok(row) => {
            statement.answered(elapsed, row.is_some());
            // Those of an insert and the time of a delete are not asked for.
            if statement.name != "insert" {
                span.set("db.rows_affected", usize::from(row.is_some()));
            }
            if statement.name != "delete" {
                span.set("db.duration_ms", milliseconds(elapsed));
            }
            tracing::info!(
                statement = statement.name,
                product_id,
                rows = usize::from(row.is_some()),
                duration_ms = milliseconds(elapsed),
                "database"
            );
        }
        // The error is logged where it becomes the response.
        Err(error) => {
            statement.failed(elapsed);
            span.fail(&error_chain(error));
        }
    }
    outcome
}

/// Drops the cache key of a row that was written, or may have been; says whether that worked.
async fn after_write(
    state: &AppState,
    id: &str,
    reason: Reason,
    outcome: Result<Option<Product>, PostgresError>,
) -> Result<(Product, bool), ApiError> {
    match outcome {
        Ok(Some(product)) => Ok((product, state.invalidate(id, reason).await)),
        Ok(None) => Err(not_found()),
        Err(error) => {
            if let PostgresError::Unanswered { session, .. } = &error {
                state.owed.remember(id, reason, Some(session.clone()));
            }
            Err(database_error(error))
        }
    }
}
