//! The client's routes.

use std::time::{Duration, Instant};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use service_kit::{
    ApiError, Parameters, Problem, ValidationError, annotate, exposition, last_parameter,
    method_not_allowed, not_found,
};

use super::{Node, PATIENCE, poll};
use crate::clock::rounded;
use crate::input::KeyValue;
use crate::peer::{Answer, PeerError, answer};
use crate::protocol::verdict::{Standing, all_consistent, standing, versions_behind};

const DEFAULT_TIMEOUT_MS: u64 = 5000;
const MAX_TIMEOUT_MS: u64 = 120_000;
const SCAN_PAUSE: Duration = Duration::from_millis(50);

pub(super) fn routes(node: Node) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/read-compare", get(read_compare))
        .route("/write-and-read", post(write_and_read))
        .route("/write-and-wait", post(write_and_wait))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .with_state(node)
}

async fn health(State(node): State<Node>) -> Json<Value> {
    Json(json!({ "status": "ok", "service": node.0.service_name }))
}

async fn metrics(State(node): State<Node>) -> Response {
    exposition(&node.0.metrics.registry)
}

async fn status(State(node): State<Node>) -> Json<Value> {
    Json(poll::status(&node))
}

async fn read_compare(State(node): State<Node>) -> Json<Value> {
    let (primary, replicas) = poll::read_all(&node, "/data").await;
    let primary_stamp = primary.as_ref().ok().map(|answer| answer.stamp);
    let (mut stale, mut consistent, mut shown) = (Vec::new(), Vec::new(), Map::new());
    let mut stamps = Vec::new();
    for (peer, replica) in node.0.replicas.iter().zip(replicas) {
        stamps.push(replica.as_ref().ok().map(|answer| answer.stamp));
        if let (Some(primary), Ok(replica)) = (primary_stamp, &replica) {
            if standing(primary, replica.stamp) == Standing::Behind {
                stale.push(json!({
                    "name": peer.name,
                    "version": replica.stamp.version,
                    "behind_by": versions_behind(primary, replica.stamp),
                }));
            } else {
                consistent.push(json!(peer.name));
            }
        }
        let body = replica.map_or_else(|error| json!({ "error": error.to_string() }), |r| r.body);
        shown.insert(peer.name.clone(), body);
    }
    annotate("stale_replica_count", stale.len());
    annotate("consistent_replica_count", consistent.len());
    let primary = match primary {
        Ok(primary) => primary.body,
        Err(PeerError::Status(_)) => Value::Null,
        Err(error) => json!({ "error": error.to_string() }),
    };
    Json(json!({
        "primary": primary,
        "replicas": shown,
        "analysis": {
            "primary_version": primary_stamp.map_or(0, |stamp| stamp.version),
            "stale_replicas": stale,
            "consistent_replicas": consistent,
            "all_consistent": all_consistent(primary_stamp, &stamps),
        },
    }))
}

async fn write_and_read(
    State(node): State<Node>,
    input: KeyValue,
) -> Result<Json<Value>, ApiError> {
    let started = Instant::now();
    let written = write(&node, &input).await?;
    let (mut reads, mut stale) = (Map::new(), 0);
    for peer in &node.0.replicas {
        let read = match peer.get(&node.0.http, "/data", PATIENCE).await {
            Ok(read) => {
                let has = read.stamp.includes(written.stamp);
                stale += u64::from(!has);
                json!({
                    "version": read.stamp.version,
                    "has_new_data": has,
                    "data_age_ms": read.body.get("data_age_ms"),
                })
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        reads.insert(peer.name.clone(), read);
    }
    Ok(Json(json!({
        "write_result": written.body,
        "immediate_reads": reads,
        "stale_read_count": stale,
        "total_replicas": node.0.replicas.len(),
        "elapsed_ms": elapsed_ms(started),
        "note": "Stale reads right after a write are expected: replicas follow after their delay.",
    })))
}

async fn write_and_wait(
    State(node): State<Node>,
    Query(parameters): Parameters,
    input: KeyValue,
) -> Result<Json<Value>, Response> {
    let timeout_ms = timeout_ms(&parameters).map_err(ValidationError::into_response)?;
    let started = Instant::now();
    let written = write(&node, &input)
        .await
        .map_err(ApiError::into_response)?;
    let mut attempts = 0_u64;
    loop {
        attempts += 1;
        let (mut versions, mut all_have) = (Map::new(), !node.0.replicas.is_empty());
        for peer in &node.0.replicas {
            let version = match peer.get(&node.0.http, "/version", PATIENCE).await {
                Ok(read) => {
                    all_have &= read.stamp.includes(written.stamp);
                    json!(read.stamp.version)
                }
                Err(error) => {
                    all_have = false;
                    json!(format!("error: {error}"))
                }
            };
            versions.insert(peer.name.clone(), version);
        }
        if all_have {
            let took_ms = elapsed_ms(started);
            annotate("consistency.time_ms", took_ms);
            return Ok(Json(json!({
                "write_result": written.body,
                "consistency_achieved": true,
                "consistency_time_ms": took_ms,
                "attempts": attempts,
                "final_versions": versions,
            })));
        }
        tokio::time::sleep(SCAN_PAUSE).await;
        if started.elapsed() >= Duration::from_millis(timeout_ms) {
            return Ok(Json(json!({
                "write_result": written.body,
                "consistency_achieved": false,
                "timeout_ms": timeout_ms,
                "attempts": attempts,
                "final_versions": versions,
                "note": "Not all replicas had the write in time; they will have it later.",
            })));
        }
    }
}

async fn write(node: &Node, input: &KeyValue) -> Result<Answer, ApiError> {
    let request = node.0.primary.post(&node.0.http, "/data");
    let request = request.json(&json!({ "key": &*input.key, "value": input.value }));
    let written = answer(request, PATIENCE).await.map_err(|error| {
        let message = "The primary did not take the write";
        ApiError::new(StatusCode::BAD_GATEWAY, message).because(error)
    })?;
    annotate("write.version", written.stamp.version);
    Ok(written)
}

fn timeout_ms(parameters: &[(String, String)]) -> Result<u64, ValidationError> {
    let Some(text) = last_parameter(parameters, "timeout_ms") else {
        return Ok(DEFAULT_TIMEOUT_MS);
    };
    let problem = |kind, msg| Problem::query("timeout_ms", kind, msg, json!(text)).into();
    match text.trim().parse::<i128>() {
        Ok(number) if number < 0 => {
            let msg = "Input should be greater than or equal to 0";
            Err(problem("greater_than_equal", msg))
        }
        Ok(number) => Ok(u64::try_from(number).map_or(MAX_TIMEOUT_MS, |n| n.min(MAX_TIMEOUT_MS))),
        Err(_) => Err(problem("int_parsing", "Input should be a valid integer")),
    }
}

fn elapsed_ms(started: Instant) -> f64 {
    rounded(started.elapsed().as_secs_f64() * 1000.0)
}
