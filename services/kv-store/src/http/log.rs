//! The log's records, read from its files.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use service_kit::ApiError;

use crate::state::AppState;
use crate::store::ReadLog;
use crate::wal::{Action, Record};

/// One record.
#[derive(Debug, Serialize)]
struct Entry<'r> {
    sequence: u64,
    operation: &'static str,
    key: &'r str,
    value: &'r RawValue,
    timestamp: f64,
}

/// GET `/admin/wal`
pub(crate) async fn log(State(state): State<AppState>) -> Result<Response, ApiError> {
    let reader = state.store.read_log().await;
    let wal_enabled = state.wal_enabled;
    let read = tokio::task::spawn_blocking(move || answer(wal_enabled, reader)).await;
    let failed = |cause| {
        let message = "The log cannot be read";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message).because(cause)
    };
    let text = read
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(failed)?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((json, Bytes::from(text)).into_response())
}

fn answer(wal_enabled: bool, reader: Option<ReadLog>) -> std::io::Result<Vec<u8>> {
    let mut text = format!(r#"{{"wal_enabled":{wal_enabled},"entries":["#).into_bytes();
    let start = text.len();
    if let Some(read) = reader {
        read(&mut |record| {
            if text.len() > start {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, &Entry::of(record)).expect("an entry is JSON");
        })?;
    }
    text.extend_from_slice(b"]}");
    Ok(text)
}

impl<'r> Entry<'r> {
    fn of(record: &'r Record<'_>) -> Self {
        let (operation, value) = match record.action {
            Action::Set(value) => ("SET", value),
            Action::Delete => ("DELETE", RawValue::NULL),
        };
        Self {
            sequence: record.sequence,
            operation,
            key: &record.key,
            value,
            timestamp: record.timestamp,
        }
    }
}
