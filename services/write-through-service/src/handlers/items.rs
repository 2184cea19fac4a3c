//! The items: reads ask the cache first, writes go to the database and then through to the cache.

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

use crate::cache::{Cache, Lookup, Stored};
use crate::item::{CacheStatus, Item, Row, not_found};
use crate::metrics::Statement;
use crate::state::AppState;

/// The answer of the list.
#[derive(Debug, Serialize)]
pub(crate) struct ItemList {
    items: Vec<Item>,
    count: usize,
}

/// The answer of a delete.
#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    status: &'static str,
    id: String,
}

/// GET `/items/{id}`
pub(crate) async fn read(State(state): State<AppState>, id: PathId) -> Result<Response, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    let (item, status) = match look_up(&state, &id).await {
        Ok(Lookup::Hit(item)) => (item, CacheStatus::Hit),
        Ok(missed) => {
            if missed == Lookup::Undecodable {
                discard(&state, &id).await;
            }
            (select(&state, &id, Then::Fill).await?, CacheStatus::Miss)
        }
        Err(Bypass) => (
            select(&state, &id, Then::Answer).await?,
            CacheStatus::Bypass,
        ),
    };
    let header = [("x-cache", status.as_str())];
    Ok((header, Extension(Fact::Cache(status.as_str())), Json(item)).into_response())
}

/// POST `/items`
pub(crate) async fn create(
    State(state): State<AppState>,
    input: ItemInput,
) -> Result<Response, ApiError> {
    to_its_end(async move {
        let started = Instant::now();
        let id = Uuid::new_v4().to_string();
        let span = statement_span("postgres_insert", "INSERT", &id);
        let inserted = state.database.insert(&id, &input).await;
        let inserted = done(&span, &state.metrics.insert, &id, started, inserted);
        drop(span);
        state
            .metrics
            .write_postgres
            .observe(started.elapsed().as_secs_f64());
        let row = written(&state, &id, inserted)?.ok_or_else(|| database_error(None))?;
        write_through(&state, &row).await;
        let total = started.elapsed();
        state.metrics.write_total.observe(total.as_secs_f64());
        Ok((Extension(Fact::Created(id)), Json(row.item)).into_response())
    })
    .await
}

/// PUT `/items/{id}`
pub(crate) async fn update(
    State(state): State<AppState>,
    id: PathId,
    input: ItemInput,
) -> Result<Json<Item>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    check_room(&state)?;
    to_its_end(async move {
        let started = Instant::now();
        let span = statement_span("postgres_update", "UPDATE", &id);
        let updated = state.database.update(&id, &input).await;
        let updated = done(&span, &state.metrics.update, &id, started, updated);
        drop(span);
        state
            .metrics
            .write_postgres
            .observe(started.elapsed().as_secs_f64());
        let row = written(&state, &id, updated)?.ok_or_else(not_found)?;
        write_through(&state, &row).await;
        let total = started.elapsed();
        state.metrics.write_total.observe(total.as_secs_f64());
        Ok(Json(row.item))
    })
    .await
}

/// DELETE `/items/{id}`
pub(crate) async fn delete(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<Deleted>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    check_room(&state)?;
    to_its_end(async move {
        let started = Instant::now();
        let span = statement_span("postgres_delete", "DELETE", &id);
        let deleted = state.database.delete(&id).await;
        let deleted = done(&span, &state.metrics.delete, &id, started, deleted);
        drop(span);
        written(&state, &id, deleted)?.ok_or_else(not_found)?;
        drop_copy(&state, &id).await;
        Ok(Json(Deleted {
            status: "deleted",
            id,
        }))
    })
    .await
}

/// GET `/items?limit=N`
pub(crate) async fn list(
    State(state): State<AppState>,
    Query(parameters): Parameters,
) -> Result<Response, ApiError> {
    let limit = match limit(&parameters) {
        Ok(limit) => limit,
        Err(error) => return Ok(ValidationError::into_response(error)),
    };
    let span = Span::child("postgres_select_all");
    span.set("db.limit", limit);
    let started = Instant::now();
    let statement = &state.metrics.select_all;
    let items = match state.database.select_all(limit).await {
        Ok(items) => items,
        Err(error) => {
            statement.error.inc();
            span.fail(&error_chain(&error));
            return Err(database_error(Some(error)));
        }
    };
    statement.success.inc();
    span.set("db.rows_affected", items.len());
    drop(span);
    tracing::info!(
        statement = statement.name,
        rows = items.len(),
        duration_ms = milliseconds(started.elapsed()),
        "database"
    );
    let count = items.len();
    Ok(Json(ItemList { items, count }).into_response())
}

/// The cache cannot be asked, or not be trusted; why has been logged.
struct Bypass;

async fn look_up(state: &AppState, id: &str) -> Result<Lookup, Bypass> {
    let key = Cache::key(id);
    let span = Span::command("redis_get", "GET", &key);
    if state.owed.is_owed(id) {
        return Err(bypass(state, &span, &key));
    }
    let started = Instant::now();
    let found = state.cache.get(id).await;
    match &found {
        Ok(Lookup::Hit(_)) => {
            // It may come from another run of Redis, met while we asked.
            if state.owed.is_owed(id) {
                return Err(bypass(state, &span, &key));
            }
            span.set("cache.hit", true);
            state.metrics.cache_hits.inc();
            let duration_ms = milliseconds(started.elapsed());
            tracing::info!(key, duration_ms, "cache HIT");
        }
        Ok(Lookup::Miss) => {
            span.set("cache.hit", false);
            state.metrics.cache_misses.inc();
            tracing::info!(key, "cache MISS");
        }
        Ok(Lookup::Undecodable) => {
            span.set("cache.hit", false);
            state.metrics.cache_misses.inc();
            tracing::warn!(key, "cache MISS: the copy is no item");
        }
        Err(error) => {
            state.metrics.cache_misses.inc();
            let error = error_chain(error);
            span.set("cache.hit", false);
            span.fail(&error);
            tracing::warn!(key, error, "cache lookup failed");
        }
    }
    found.map_err(|_| Bypass)
}

/// What the cache says of this item is not to be believed yet.
fn bypass(state: &AppState, span: &Span, key: &str) -> Bypass {
    state.metrics.cache_misses.inc();
    span.set("cache.hit", false);
    span.fail("a write has not reached the cache");
    tracing::info!(key, "cache BYPASS");
    Bypass
}

async fn discard(state: &AppState, id: &str) {
    if let Err(error) = state.cache.discard(id).await {
        let error = error_chain(&error);
        tracing::warn!(key = Cache::key(id), error, "copy not removed");
    }
}

/// What is done with a row that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// A copy of it is left in the cache.
    Fill,
    /// Nothing: the cache could not be asked.
    Answer,
}

async fn select(state: &AppState, id: &str, then: Then) -> Result<Item, ApiError> {
    let span = statement_span("postgres_select", "SELECT", id);
    let started = Instant::now();
    let selected = state.database.select(id).await;
    let row = done(&span, &state.metrics.select, id, started, selected)
        .map_err(|error| database_error(Some(error)))?
        .ok_or_else(not_found)?;
    if then == Then::Fill {
        let _ = store(state, &row).await;
    }
    Ok(row.item)
}

/// Copies a row that was written. What Redis does not confirm is owed.
async fn write_through(state: &AppState, row: &Row) {
    let span = Span::command("redis_set", "SET", &Cache::key(&row.item.id));
    span.set("cache.ttl_seconds", state.cache_ttl_seconds);
    let started = Instant::now();
    let stored = store(state, row).await;
    let elapsed = started.elapsed();
    span.set("cache.duration_ms", milliseconds(elapsed));
    match stored {
        Ok(()) => state.metrics.write_redis.observe(elapsed.as_secs_f64()),
        Err(NotStored(error)) => {
            span.fail(&error);
            state.owed.owe(&row.item.id, None);
        }
    }
}

/// The copy may be what it was; why has been logged, and is here.
struct NotStored(String);

async fn store(state: &AppState, row: &Row) -> Result<(), NotStored> {
    let key = Cache::key(&row.item.id);
    let started = Instant::now();
    let stored = state.cache.store(row).await;
    let duration_ms = milliseconds(started.elapsed());
    match stored {
        Ok(Stored::Stored) => {
            let ttl_seconds = state.cache_ttl_seconds;
            tracing::info!(key, ttl_seconds, duration_ms, "cache SET");
        }
        Ok(Stored::Outdated) => tracing::info!(key, "cache not set: a newer write came first"),
        Err(error) => {
            let error = error_chain(&error);
            tracing::warn!(key, error, "cache not set");
            return Err(NotStored(error));
        }
    }
    Ok(())
}

/// Drops the copy of a row that was deleted. What Redis does not confirm is owed.
async fn drop_copy(state: &AppState, id: &str) {
    let key = Cache::key(id);
    let span = Span::command("redis_del", "DEL", &key);
    let started = Instant::now();
    match state.cache.drop(id).await {
        Ok(key_existed) => {
            let duration_ms = milliseconds(started.elapsed());
            tracing::info!(key, key_existed, duration_ms, "cache DELETE");
        }
        Err(error) => {
            let error = error_chain(&error);
            span.fail(&error);
            tracing::warn!(key, error, "cache not deleted");
            state.owed.owe(id, None);
        }
    }
}

fn statement_span(name: &'static str, operation: &str, item_id: &str) -> Span {
    let span = Span::statement(name, operation);
    span.set("item.id", item_id);
    span
}

/// Counts and logs a statement on one item.
fn done(
    span: &Span,
    statement: &Statement,
    item_id: &str,
    started: Instant,
    outcome: Result<Option<Row>, PostgresError>,
) -> Result<Option<Row>, PostgresError> {
    match &outcome {
        Ok(row) => {
            statement.success.inc();
            let (rows, duration_ms) = (usize::from(row.is_some()), milliseconds(started.elapsed()));
            // Those of an insert are not asked for, nor is the time of a select or a delete.
            if statement.name != "insert" {
                span.set("db.rows_affected", rows);
            }
            if matches!(statement.name, "insert" | "update") {
                span.set("db.duration_ms", duration_ms);
            }
            tracing::info!(
                statement = statement.name,
                item_id,
                rows,
                duration_ms,
                "database"
            );
        }
        // The error is logged where it becomes the response.
        Err(error) => {
            statement.error.inc();
            span.fail(&error_chain(error));
        }
    }
    outcome
}

/// What a write came to; one that may have happened, or may yet, is owed to the cache.
fn written(
    state: &AppState,
    id: &str,
    outcome: Result<Option<Row>, PostgresError>,
) -> Result<Option<Row>, ApiError> {
    outcome.map_err(|error| {
        if let PostgresError::Unanswered { session, .. } = &error {
            state.owed.owe(id, Some(session.clone()));
        }
        database_error(Some(error))
    })
}

fn check_room(state: &AppState) -> Result<(), ApiError> {
    if state.owed.has_room() {
        return Ok(());
    }
    let message = "Too many writes are unsettled";
    Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message))
}

fn database_error(error: Option<PostgresError>) -> ApiError {
    let (status, message) = match error {
        Some(PostgresError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, "Database busy"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Database error"),
    };
    let answer = ApiError::new(status, message);
    match error {
        Some(error) => answer.because(error),
        None => answer,
    }
}
