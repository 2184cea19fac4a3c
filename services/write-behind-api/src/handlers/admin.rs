//! A look at the queue.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use service_kit::ApiError;
use write_behind_queue::Entry;

use crate::state::AppState;
use crate::writes::cache_error;

/// Entries that are shown.
const SHOWN: u32 = 20;

/// The answer of `/admin/config`.
#[derive(Debug, Serialize)]
pub(crate) struct Settings {
    write_behind_enabled: bool,
    write_coalescing_enabled: bool,
    coalescing_window_ms: u32,
    queue_size: u64,
}

/// The answer of `/admin/queue`: the oldest entries, as they stand there.
#[derive(Debug, Serialize)]
pub(crate) struct Queue {
    /// All of them.
    queue_size: u64,
    items: Vec<Value>,
}

/// The answer of `/admin/flush-queue`.
#[derive(Debug, Serialize)]
pub(crate) struct Flush {
    message: &'static str,
    current_queue_size: u64,
}

/// GET `/admin/config`
pub(crate) async fn config(State(state): State<AppState>) -> Result<Json<Settings>, ApiError> {
    Ok(Json(Settings {
        write_behind_enabled: state.write_behind,
        write_coalescing_enabled: state.coalescing,
        coalescing_window_ms: state.coalescing_window_ms,
        queue_size: queue_size(&state).await?,
    }))
}

/// GET `/admin/queue`
pub(crate) async fn queue(State(state): State<AppState>) -> Result<Json<Queue>, ApiError> {
    let (queue_size, texts) = state.queue.oldest(SHOWN).await.map_err(cache_error)?;
    state.metrics.queue_size.set(queue_size);
    let items = texts.iter().map(|text| shown(text)).collect();
    Ok(Json(Queue { queue_size, items }))
}

/// POST `/admin/flush-queue`
pub(crate) async fn flush(State(state): State<AppState>) -> Result<Json<Flush>, ApiError> {
    Ok(Json(Flush {
        message: "The worker flushes the queue by itself",
        current_queue_size: queue_size(&state).await?,
    }))
}

async fn queue_size(state: &AppState) -> Result<u64, ApiError> {
    let queue_size = state.queue.queue_size().await.map_err(cache_error)?;
    state.metrics.queue_size.set(queue_size);
    Ok(queue_size)
}

/// An entry as it is; a text that is none as `{"raw": "…"}`.
fn shown(text: &[u8]) -> Value {
    match serde_json::from_slice(text) {
        Ok(entry) if Entry::decode(text).is_ok() => entry,
        _ => json!({ "raw": String::from_utf8_lossy(text) }),
    }
}
