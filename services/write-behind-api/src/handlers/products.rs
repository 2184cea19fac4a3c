//! The products: reads ask the cache first; a write is done when Redis has it.

use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use service_kit::{ApiError, PathId, Span, error_chain, to_its_end};
use uuid::Uuid;
use write_behind_queue::{Cached, Product, utc};

use crate::product::{Answer, ProductInput, Source, answer, not_found};
use crate::state::AppState;
use crate::writes::{
    cache_error, database_error, forget, queue_delete, queue_insert, queue_update, store, text,
};

/// The span of a write that goes to the database at once.
const WRITE_SYNC: &str = "database_write_sync";

/// The answer of a delete.
#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    message: &'static str,
    id: String,
}

/// POST `/products`
pub(crate) async fn create(
    State(state): State<AppState>,
    input: ProductInput,
) -> Result<Json<Answer>, ApiError> {
    let id = Uuid::new_v4().to_string();
    let span = Span::child("create_product");
    span.set("product.id", id.as_str());
    span.set("write_behind.enabled", state.write_behind);
    let created = span.around(insert(&state, id, input)).await;
    span.set("write_behind.queued", state.write_behind && created.is_ok());
    let product = finished(&span, created)?;
    tracing::info!(
        product_id = product.id.as_str(),
        mode = mode(state.write_behind),
        "created"
    );
    Ok(answer(product, Source::Cache))
}

async fn insert(state: &AppState, id: String, input: ProductInput) -> Result<Product, ApiError> {
    if state.write_behind {
        let now = SystemTime::now();
        let product = input.into_product(id, utc(now), utc(now));
        return queue_insert(state, product, now).await;
    }
    let state = state.clone();
    to_its_end(async move {
        let inserted = Span::of(WRITE_SYNC, state.database.insert(&id, &input)).await;
        let row = inserted.map_err(database_error)?.ok_or_else(not_found)?;
        store(&state, row).await
    })
    .await
}

/// GET `/products/{id}`
pub(crate) async fn read(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<Answer>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    let span = Span::child("get_product");
    span.set("product.id", id.as_str());
    let found = span.around(find(&state, &span, &id)).await;
    finished(&span, found)
}

async fn find(state: &AppState, span: &Span, id: &str) -> Result<Json<Answer>, ApiError> {
    let cached = match Span::of("cache_read", state.queue.look_up(id)).await {
        Ok(cached) => cached,
        Err(error) => {
            span.set("cache.hit", false);
            state.metrics.cache_misses.inc();
            tracing::warn!(product_id = id, error = error_chain(&error), "no cache");
            let row = select(state, id).await?;
            // That it is not there would be a guess: it may wait in the queue.
            let row = row.ok_or_else(|| cache_error(error))?;
            return Ok(answer(row, Source::Database));
        }
    };
    let product = product_in(&cached, id);
    span.set("cache.hit", product.is_some());
    if let Some(product) = product {
        state.metrics.cache_hits.inc();
        return Ok(answer(product, Source::Cache));
    }
    state.metrics.cache_misses.inc();
    if cached.is_deleted {
        return Err(not_found());
    }
    let row = select(state, id).await?.ok_or_else(not_found)?;
    fill(state, &cached, &row).await?;
    Ok(answer(row, Source::Database))
}

async fn select(state: &AppState, id: &str) -> Result<Option<Product>, ApiError> {
    let selected = Span::of("database_read", state.database.select(id)).await;
    selected.map_err(database_error)
}

/// PUT `/products/{id}`
pub(crate) async fn update(
    State(state): State<AppState>,
    id: PathId,
    input: ProductInput,
) -> Result<Json<Answer>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    let cached = state.queue.look_up(&id).await.map_err(cache_error)?;
    if cached.is_deleted {
        return Err(not_found());
    }
    // Behind a write that waits, every other one waits too: their order is what counts.
    let is_queued = state.write_behind || cached.is_pending;
    let span = Span::child("update_product");
    span.set("product.id", id.as_str());
    span.set("write_behind.enabled", state.write_behind);
    span.set("write_coalescing.enabled", state.coalescing);
    let change = change(&state, id, input, is_queued.then_some(&cached));
    let changed = span.around(change).await;
    let is_coalesced = matches!(changed, Ok((_, true)));
    span.set("write_behind.coalesced", is_coalesced);
    let (product, _) = finished(&span, changed)?;
    tracing::info!(
        product_id = product.id.as_str(),
        mode = mode(is_queued),
        "updated"
    );
    Ok(answer(product, Source::Cache))
}

/// Says whether it joined another update. `queued`: what the cache knew, if the change goes through the queue.
async fn change(
    state: &AppState,
    id: String,
    input: ProductInput,
    queued: Option<&Cached>,
) -> Result<(Product, bool), ApiError> {
    if let Some(cached) = queued {
        let created_at = if let Some(product) = product_in(cached, &id) {
            product.created_at
        } else {
            let row = state.database.select(&id).await.map_err(database_error)?;
            row.ok_or_else(not_found)?.created_at
        };
        let now = SystemTime::now();
        let product = input.into_product(id, created_at, utc(now));
        return queue_update(state, product, now).await;
    }
    let state = state.clone();
    to_its_end(async move {
        let updated = Span::of(WRITE_SYNC, state.database.update(&id, &input)).await;
        let row = updated.map_err(database_error)?.ok_or_else(not_found)?;
        Ok((store(&state, row).await?, false))
    })
    .await
}

/// DELETE `/products/{id}`
pub(crate) async fn delete(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<Deleted>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    let cached = state.queue.look_up(&id).await.map_err(cache_error)?;
    if cached.is_deleted {
        return Err(not_found());
    }
    let span = Span::child("delete_product");
    span.set("product.id", id.as_str());
    let removed = span.around(remove(&state, &id, &cached)).await;
    finished(&span, removed)?;
    tracing::info!(product_id = id, "deleted");
    Ok(Json(Deleted {
        message: "Product deleted",
        id,
    }))
}

async fn remove(state: &AppState, id: &str, cached: &Cached) -> Result<(), ApiError> {
    if state.write_behind || cached.is_pending {
        if product_in(cached, id).is_none() && !cached.is_pending {
            let row = state.database.select(id).await.map_err(database_error)?;
            row.ok_or_else(not_found)?;
        }
        return queue_delete(state, id, SystemTime::now()).await;
    }
    let (state, id) = (state.clone(), id.to_owned());
    to_its_end(async move {
        let deleted = Span::of(WRITE_SYNC, state.database.delete(&id)).await;
        if !deleted.map_err(database_error)? {
            return Err(not_found());
        }
        forget(&state, &id).await
    })
    .await
}

/// What a request's span is told before it is answered: that a product is missing is no failure.
fn finished<T>(span: &Span, outcome: Result<T, ApiError>) -> Result<T, ApiError> {
    if let Err(error) = &outcome
        && error.status().is_server_error()
    {
        span.mark_failed();
    }
    outcome
}

/// The product that was found under its key; what is none counts as nothing.
fn product_in(cached: &Cached, id: &str) -> Option<Product> {
    let text = cached.value.as_deref()?;
    let product: Product = serde_json::from_slice(text).ok()?;
    (product.id == id && !cached.is_deleted).then_some(product)
}

/// Leaves a copy of what a reader had to fetch.
async fn fill(state: &AppState, found: &Cached, row: &Product) -> Result<(), ApiError> {
    let copy = text(row)?;
    let found = found.value.as_deref();
    let filled = state.queue.fill(&row.id, found, &copy);
    if let Err(error) = Span::of("cache_populate", filled).await {
        let error = error_chain(&error);
        tracing::warn!(product_id = row.id.as_str(), error, "copy not stored");
    }
    Ok(())
}

fn mode(is_queued: bool) -> &'static str {
    if is_queued {
        "write-behind"
    } else {
        "write-through"
    }
}
