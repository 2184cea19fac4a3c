//! What one would write first over the store: axum, two handlers, and nothing else.

use std::num::NonZeroU64;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kv_store::wal::Durability;
use kv_store::{LogConfig, Metrics, Store};
use labctl_bench::Failure;
use labctl_bench::bare::{self, variable};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Written {
    key: Box<str>,
    value: Box<RawValue>,
}

#[derive(Serialize)]
struct Answer<'e> {
    key: &'e str,
    value: &'e RawValue,
}

pub(crate) fn serve() -> Result<(), Failure> {
    let config = LogConfig {
        log_path: variable("WAL_PATH")?.into(),
        checkpoint_path: variable("CHECKPOINT_PATH")?.into(),
        durability: Durability::from_fsync_enabled(true),
        checkpoint_threshold: variable("CHECKPOINT_THRESHOLD")?.parse::<NonZeroU64>()?,
    };
    let (store, _guard) = Store::open_files(&config, Arc::new(Metrics::new(true)))?;
    let app = Router::new()
        .route("/kv", post(write))
        .route("/kv/{key}", get(read))
        .with_state(store);
    bare::serve(async { Ok(app) })
}

async fn write(State(store): State<Store>, Json(body): Json<Written>) -> Response {
    match store.set(body.key, body.value).await {
        Ok(entry) => answer(entry.key(), entry.value()),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn read(State(store): State<Store>, Path(key): Path<String>) -> Response {
    match store.get(&key) {
        Some(entry) => answer(entry.key(), entry.value()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(key: &str, value: &RawValue) -> Response {
    Json(Answer { key, value }).into_response()
}
