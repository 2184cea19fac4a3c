//! The two ways of a write: queued with its copy in one step, or the database first and the copy after it.

use std::time::SystemTime;

use axum::http::StatusCode;
use service_kit::{ApiError, PostgresError, RedisClientError, Span, error_chain};
use write_behind_queue::{Enqueued, Entry, Operation, Product, unix_seconds};

use crate::product::not_found;
use crate::state::AppState;

/// Caches a new product and queues its insert.
pub(crate) async fn queue_insert(
    state: &AppState,
    product: Product,
    now: SystemTime,
) -> Result<Product, ApiError> {
    let copy = text(&product)?;
    let entry = entry(Operation::Insert(product.clone()), now)?;
    let enqueued = both(state.queue.create(&product.id, &copy, &entry)).await;
    acknowledge(state, enqueued)?;
    Ok(product)
}

/// Caches a changed product and queues its update, or lets it join the one that waits; says whether it did.
pub(crate) async fn queue_update(
    state: &AppState,
    product: Product,
    now: SystemTime,
) -> Result<(Product, bool), ApiError> {
    let copy = text(&product)?;
    let entry = entry(Operation::Update(product.clone()), now)?;
    let window = state.window();
    let enqueued = both(state.queue.update(&product.id, &copy, &entry, window)).await;
    let is_coalesced = acknowledge(state, enqueued)?;
    Ok((product, is_coalesced))
}

/// Drops a product from the cache and queues its delete.
pub(crate) async fn queue_delete(
    state: &AppState,
    id: &str,
    now: SystemTime,
) -> Result<(), ApiError> {
    let entry = entry(Operation::Delete(id.to_owned()), now)?;
    let enqueued = Span::of("queue_write", state.queue.delete(id, &entry)).await;
    acknowledge(state, enqueued).map(drop)
}

/// Cache and queue change in one step, which both spans cover.
async fn both(
    step: impl Future<Output = Result<Enqueued, RedisClientError>>,
) -> Result<Enqueued, RedisClientError> {
    let cache = Span::child("cache_write");
    let outcome = Span::of("queue_write", step).await;
    if let Err(error) = &outcome {
        cache.fail(&error_chain(error));
    }
    outcome
}

/// Copies a row that was written to the cache.
pub(crate) async fn store(state: &AppState, row: Product) -> Result<Product, ApiError> {
    let copy = text(&row)?;
    let stored = state.queue.store(&row.id, &copy, &row.updated_at);
    let stored = Span::of("cache_write", stored).await;
    stored.map_err(cache_error)?;
    Ok(row)
}

/// Drops the copy of a row that was deleted.
pub(crate) async fn forget(state: &AppState, id: &str) -> Result<(), ApiError> {
    state.queue.forget(id).await.map(drop).map_err(cache_error)
}

/// A product as it is cached.
pub(crate) fn text(product: &Product) -> Result<String, ApiError> {
    serde_json::to_string(product).map_err(unwritable)
}

pub(crate) fn cache_error(error: RedisClientError) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cache unavailable").because(error)
}

pub(crate) fn database_error(error: PostgresError) -> ApiError {
    let message = match error {
        PostgresError::Busy => "Database busy",
        _ => "Database unavailable",
    };
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).because(error)
}

fn entry(operation: Operation, now: SystemTime) -> Result<String, ApiError> {
    let entry = Entry {
        operation,
        timestamp: unix_seconds(now),
        coalesced_count: 1,
    };
    entry.encode().map_err(unwritable)
}

/// Says whether the write joined another one.
fn acknowledge(
    state: &AppState,
    enqueued: Result<Enqueued, RedisClientError>,
) -> Result<bool, ApiError> {
    match enqueued.map_err(cache_error)? {
        Enqueued::Appended { queue_size } => {
            state.metrics.queue_size.set(queue_size);
            Ok(false)
        }
        Enqueued::Coalesced { queue_size } => {
            state.metrics.queue_size.set(queue_size);
            state.metrics.coalesced.inc();
            Ok(true)
        }
        Enqueued::Deleted => Err(not_found()),
        Enqueued::Full => {
            let message = "Write queue is full";
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message))
        }
    }
}

/// A product that came in as JSON goes out as JSON.
fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error").because(error)
}
