//! The products: reads ask the cache first; a write is done when Redis has it.

use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use service_kit::{ApiError, PathId, error_chain};
use uuid::Uuid;
use write_behind_queue::{Cached, Product, utc};

use crate::product::{Answer, ProductInput, Source, answer, not_found};
use crate::state::AppState;
use crate::writes::{
    cache_error, database_error, forget, queue_delete, queue_insert, queue_update, store, text,
    to_its_end,
};

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
    let product = if state.write_behind {
        let now = SystemTime::now();
        let product = input.into_product(id, utc(now), utc(now));
        queue_insert(&state, product, now).await?
    } else {
        let state = state.clone();
        to_its_end(async move {
            let inserted = state.database.insert(&id, &input).await;
            let row = inserted.map_err(database_error)?.ok_or_else(not_found)?;
            store(&state, row).await
        })
        .await?
    };
    tracing::info!(
        product_id = product.id.as_str(),
        mode = mode(state.write_behind),
        "created"
    );
    Ok(answer(product, Source::Cache))
}

/// GET `/products/{id}`
pub(crate) async fn read(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<Answer>, ApiError> {
    let id = id.storable().ok_or_else(not_found)?;
    let cached = match state.queue.look_up(&id).await {
        Ok(cached) => cached,
        Err(error) => {
            state.metrics.cache_misses.inc();
            tracing::warn!(product_id = id, error = error_chain(&error), "no cache");
            let row = state.database.select(&id).await.map_err(database_error)?;
            // That it is not there would be a guess: it may wait in the queue.
            let row = row.ok_or_else(|| cache_error(error))?;
            return Ok(answer(row, Source::Database));
        }
    };
    if let Some(product) = product_in(&cached, &id) {
        state.metrics.cache_hits.inc();
        return Ok(answer(product, Source::Cache));
    }
    state.metrics.cache_misses.inc();
    if cached.is_deleted {
        return Err(not_found());
    }
    let row = state.database.select(&id).await.map_err(database_error)?;
    let row = row.ok_or_else(not_found)?;
    fill(&state, &cached, &row).await?;
    Ok(answer(row, Source::Database))
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
    let product = if is_queued {
        let created_at = if let Some(product) = product_in(&cached, &id) {
            product.created_at
        } else {
            let row = state.database.select(&id).await.map_err(database_error)?;
            row.ok_or_else(not_found)?.created_at
        };
        let now = SystemTime::now();
        let product = input.into_product(id, created_at, utc(now));
        queue_update(&state, product, now).await?
    } else {
        let state = state.clone();
        to_its_end(async move {
            let updated = state.database.update(&id, &input).await;
            let row = updated.map_err(database_error)?.ok_or_else(not_found)?;
            store(&state, row).await
        })
        .await?
    };
    tracing::info!(
        product_id = product.id.as_str(),
        mode = mode(is_queued),
        "updated"
    );
    Ok(answer(product, Source::Cache))
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
    if state.write_behind || cached.is_pending {
        if product_in(&cached, &id).is_none() && !cached.is_pending {
            let row = state.database.select(&id).await.map_err(database_error)?;
            row.ok_or_else(not_found)?;
        }
        queue_delete(&state, &id, SystemTime::now()).await?;
    } else {
        let (state, id) = (state.clone(), id.clone());
        to_its_end(async move {
            let deleted = state.database.delete(&id).await;
            if !deleted.map_err(database_error)? {
                return Err(not_found());
            }
            forget(&state, &id).await
        })
        .await?;
    }
    tracing::info!(product_id = id, "deleted");
    Ok(Json(Deleted {
        message: "Product deleted",
        id,
    }))
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
    if let Err(error) = state.queue.fill(&row.id, found, &copy).await {
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
