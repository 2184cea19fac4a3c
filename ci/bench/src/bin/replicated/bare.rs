//! What one would write first: a map behind a lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use labctl_bench::bare::Failed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Default)]
struct Store {
    data: HashMap<String, Value>,
    version: u64,
    write_timestamp: f64,
}

type Shared = Arc<Mutex<Store>>;

#[derive(Deserialize)]
struct Input {
    key: String,
    value: Value,
}

#[derive(Serialize)]
struct Written {
    version: u64,
    write_timestamp: f64,
    key: String,
    value: Value,
}

#[derive(Serialize)]
struct Held<'s> {
    data: &'s HashMap<String, Value>,
    version: u64,
    write_timestamp: f64,
}

pub(crate) fn app() -> Router {
    Router::new()
        .route("/data", get(read).post(write))
        .with_state(Shared::default())
}

async fn read(State(store): State<Shared>) -> Result<Response, Failed> {
    let store = store.lock().map_err(|_| Failed)?;
    let held = Held {
        data: &store.data,
        version: store.version,
        write_timestamp: store.write_timestamp,
    };
    let body = serde_json::to_vec(&held)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn write(
    State(store): State<Shared>,
    Json(Input { key, value }): Json<Input>,
) -> Result<Json<Written>, Failed> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let mut store = store.lock().map_err(|_| Failed)?;
    store.data.insert(key.clone(), value.clone());
    store.version += 1;
    store.write_timestamp = now.as_secs_f64();
    Ok(Json(Written {
        version: store.version,
        write_timestamp: store.write_timestamp,
        key,
        value,
    }))
}
