//! The primary's routes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};
use service_kit::{ApiError, annotate, exposition, method_not_allowed, not_found};

use super::Node;
use crate::clock::{Timestamp, or_zero};
use crate::contents::{Contents, Data, LastWrite};
use crate::input::{DelayChange, DelayChanges, KeyValue};
use crate::peer::EPOCH;
use crate::protocol::{Snapshot, Stamp};

/// Every delivery carries all of them.
const MAX_KEYS: usize = 10_000;

pub(super) fn routes(node: Node) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/data", get(data).post(write))
        .route("/version", get(version))
        .route("/state", get(state))
        .route("/admin/replication-delays", get(delays).post(set_delays))
        .route("/admin/replication-delay", post(set_delay))
        .route("/admin/reset", post(reset))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .with_state(node)
}

#[derive(Serialize)]
struct Written<'w> {
    version: u64,
    write_timestamp: f64,
    write_id: &'w str,
    key: &'w str,
    value: &'w Value,
    replication_started: bool,
}

#[derive(Serialize)]
struct DataAnswer<'s> {
    source: &'static str,
    data: &'s Data,
    version: u64,
    write_id: Option<Arc<str>>,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
    #[serde(serialize_with = "or_zero")]
    data_age_ms: Option<f64>,
}

#[derive(Serialize)]
struct VersionAnswer {
    source: &'static str,
    version: u64,
    write_id: Option<Arc<str>>,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
}

#[derive(Serialize)]
struct StateAnswer<'s> {
    source: &'static str,
    data: &'s Data,
    version: u64,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
    write_id: Option<Arc<str>>,
    replication_delays: Map<String, Value>,
    replica_urls: Vec<&'s str>,
    epoch: u64,
}

async fn health(State(node): State<Node>) -> Response {
    if node.with(|_| ()).is_none() {
        return starting().into_response();
    }
    let service = node.0.service_name.as_str();
    Json(json!({ "status": "ok", "service": service })).into_response()
}

async fn metrics(State(node): State<Node>) -> Response {
    exposition(&node.0.metrics.registry)
}

async fn write(State(node): State<Node>, input: KeyValue) -> Result<Response, ApiError> {
    let KeyValue { key, value } = input;
    let id: Arc<str> = format!("{:08x}", fastrand::u32(..)).into();
    let stored = value.clone();
    let written = node.with(|primary| {
        let data = &primary.current().contents.data;
        if data.len() >= MAX_KEYS && !data.has(&key) {
            return Err(ApiError::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "The store is full",
            ));
        }
        let timestamp = Timestamp::now();
        let written = primary.write(node.now(), |contents| {
            contents.data.set(Arc::clone(&key), stored);
            contents.last_write = Some(LastWrite {
                id: Some(Arc::clone(&id)),
                timestamp,
            });
        });
        for replica in &node.0.under_way {
            replica.written(written.stamp);
        }
        let stamp = written.stamp;
        node.wake(primary);
        Ok((stamp, timestamp))
    });
    let (stamp, timestamp) = written.ok_or_else(starting)??;
    annotate("write.key", &*key);
    annotate("write.version", stamp.version);
    annotate("write.write_id", &*id);
    node.0.metrics.writes.inc();
    tracing::info!(
        key = &*key,
        version = stamp.version,
        write_id = &*id,
        "written"
    );
    let body = Written {
        version: stamp.version,
        write_timestamp: timestamp.0,
        write_id: &id,
        key: &key,
        value: &value,
        replication_started: true,
    };
    Ok(of(stamp, body))
}

async fn data(State(node): State<Node>) -> Result<Response, ApiError> {
    let Snapshot { stamp, contents } = node.snapshot()?;
    let body = DataAnswer {
        source: "primary",
        data: &contents.data,
        version: stamp.version,
        write_id: contents.write_id(),
        write_timestamp: contents.timestamp(),
        data_age_ms: contents.age_ms(),
    };
    Ok(of(stamp, body))
}

async fn version(State(node): State<Node>) -> Result<Response, ApiError> {
    let Snapshot { stamp, contents } = node.snapshot()?;
    let body = VersionAnswer {
        source: "primary",
        version: stamp.version,
        write_id: contents.write_id(),
        write_timestamp: contents.timestamp(),
    };
    Ok(of(stamp, body))
}

async fn state(State(node): State<Node>) -> Result<Response, ApiError> {
    let Snapshot { stamp, contents } = node.snapshot()?;
    let body = StateAnswer {
        source: "primary",
        data: &contents.data,
        version: stamp.version,
        write_timestamp: contents.timestamp(),
        write_id: contents.write_id(),
        replication_delays: node.delays()?,
        replica_urls: node
            .0
            .replicas
            .iter()
            .map(|peer| peer.url.as_str())
            .collect(),
        epoch: stamp.epoch,
    };
    Ok(of(stamp, body))
}

async fn delays(State(node): State<Node>) -> Result<Json<Value>, ApiError> {
    let [first, second] = node.0.default_delays_ms;
    Ok(Json(json!({
        "delays": node.delays()?,
        "default_replica1_ms": first,
        "default_replica2_ms": second,
    })))
}

async fn set_delay(State(node): State<Node>, change: DelayChange) -> Result<Json<Value>, ApiError> {
    let all = node.set_delays(std::slice::from_ref(&change))?;
    let DelayChange {
        replica_url,
        delay_ms,
    } = change;
    Ok(Json(json!({
        "status": "updated",
        "replica_url": replica_url,
        "delay_ms": delay_ms,
        "all_delays": all,
    })))
}

async fn set_delays(
    State(node): State<Node>,
    changes: DelayChanges,
) -> Result<Json<Value>, ApiError> {
    let all = node.set_delays(&changes.0)?;
    Ok(Json(json!({ "status": "updated", "delays": all })))
}

async fn reset(State(node): State<Node>) -> Result<Json<Value>, ApiError> {
    node.reset().await.map(Json).ok_or_else(starting)
}

impl Node {
    fn snapshot(&self) -> Result<Snapshot<Contents>, ApiError> {
        self.with(|primary| primary.current().clone())
            .ok_or_else(starting)
    }

    /// By URL, in milliseconds.
    fn delays(&self) -> Result<Map<String, Value>, ApiError> {
        let delay = |primary: &mut crate::protocol::Primary<Contents>| {
            let with_index = self.0.replicas.iter().enumerate();
            let ms = |index| u64::try_from(primary.delay(index).as_millis()).unwrap_or(u64::MAX);
            with_index
                .map(|(index, peer)| (peer.url.clone(), ms(index).into()))
                .collect()
        };
        self.with(delay).ok_or_else(starting)
    }

    /// All of them or, if one is of nobody, none.
    fn set_delays(&self, changes: &[DelayChange]) -> Result<Map<String, Value>, ApiError> {
        let index = |change: &DelayChange| {
            let mut peers = self.0.replicas.iter();
            let index = peers.position(|peer| peer.url == change.replica_url);
            let unknown = || format!("Unknown replica URL: {}", change.replica_url);
            index.ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, unknown()))
        };
        let indices = changes.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let set = self.with(|primary| {
            for (index, change) in indices.into_iter().zip(changes) {
                primary.set_delay(index, Duration::from_millis(change.delay_ms));
            }
        });
        set.ok_or_else(starting)?;
        self.delays()
    }
}

fn starting() -> ApiError {
    let message = "The primary is still asking its replicas what they hold";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// An answer that speaks of the state with this stamp.
fn of(stamp: Stamp, body: impl Serialize) -> Response {
    ([(EPOCH, stamp.epoch.to_string())], Json(body)).into_response()
}
