//! A replica's routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use service_kit::{annotate, exposition, method_not_allowed, not_found};

use super::{Copy, Node};
use crate::clock::{Timestamp, or_zero};
use crate::contents::Data;
use crate::input::{ResetEpoch, SentState, delay_header};
use crate::peer::{DELAY, EPOCH};
use crate::protocol::{Receipt, Replica, Snapshot, Stamp};

/// Data older than this is called stale. It says how old the data is, not that the primary has gone on.
const STALE_AFTER_MS: f64 = 100.0;

pub(super) fn routes(node: Node) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/data", get(data))
        .route("/version", get(version))
        .route("/state", get(state))
        .route("/replicate", post(replicate))
        .route("/admin/reset", post(reset))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .with_state(node)
}

#[derive(Serialize)]
struct Health<'n> {
    status: &'static str,
    service: &'n str,
    replica_id: &'n str,
}

#[derive(Serialize)]
struct DataAnswer<'n> {
    source: &'n str,
    data: &'n Data,
    version: u64,
    write_id: Option<Arc<str>>,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
    #[serde(serialize_with = "or_zero")]
    data_age_ms: Option<f64>,
    is_stale: bool,
    #[serde(serialize_with = "or_zero")]
    replicated_at: Option<f64>,
}

#[derive(Serialize)]
struct VersionAnswer<'n> {
    source: &'n str,
    version: u64,
    write_id: Option<Arc<str>>,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
    #[serde(serialize_with = "or_zero")]
    data_age_ms: Option<f64>,
}

#[derive(Serialize)]
struct StateAnswer<'n> {
    source: &'n str,
    data: &'n Data,
    version: u64,
    #[serde(serialize_with = "or_zero")]
    write_timestamp: Option<f64>,
    write_id: Option<Arc<str>>,
    #[serde(serialize_with = "or_zero")]
    replicated_at: Option<f64>,
    #[serde(serialize_with = "or_zero")]
    data_age_ms: Option<f64>,
    replication_delay_ms: u64,
    epoch: u64,
}

#[derive(Serialize)]
struct Taken<'n> {
    status: &'static str,
    replica_id: &'n str,
    version: u64,
    #[serde(serialize_with = "or_zero")]
    replicated_at: Option<f64>,
}

#[derive(Serialize)]
struct Reset<'n> {
    status: &'static str,
    replica_id: &'n str,
    version: u64,
}

async fn health(State(node): State<Node>) -> Response {
    Json(Health {
        status: "ok",
        service: &node.0.service_name,
        replica_id: &node.0.id,
    })
    .into_response()
}

async fn metrics(State(node): State<Node>) -> Response {
    let age = node.copy().replica.held().contents.age_ms();
    node.0.metrics.staleness_ms.set(age.unwrap_or(0.0));
    exposition(&node.0.metrics.registry)
}

async fn data(State(node): State<Node>) -> Response {
    let copy = node.copy().clone();
    let held = copy.replica.held();
    let age_ms = held.contents.age_ms();
    let is_stale = age_ms.is_some_and(|age| age > STALE_AFTER_MS);
    node.0.metrics.reads.inc();
    node.0.metrics.stale_reads.inc_by(u64::from(is_stale));
    annotate("replica.id", node.0.id.as_str());
    annotate("replica.version", held.stamp.version);
    annotate("data.staleness_ms", age_ms.unwrap_or(0.0));
    annotate("data.is_stale", is_stale);
    of(
        held.stamp,
        DataAnswer {
            source: &node.0.id,
            data: &held.contents.data,
            version: held.stamp.version,
            write_id: held.contents.write_id(),
            write_timestamp: held.contents.timestamp(),
            data_age_ms: age_ms,
            is_stale,
            replicated_at: copy.replicated_at.map(|at| at.0),
        },
    )
}

async fn version(State(node): State<Node>) -> Response {
    let copy = node.copy().clone();
    let held = copy.replica.held();
    of(
        held.stamp,
        VersionAnswer {
            source: &node.0.id,
            version: held.stamp.version,
            write_id: held.contents.write_id(),
            write_timestamp: held.contents.timestamp(),
            data_age_ms: held.contents.age_ms(),
        },
    )
}

async fn state(State(node): State<Node>) -> Response {
    let copy = node.copy().clone();
    let held = copy.replica.held();
    of(
        held.stamp,
        StateAnswer {
            source: &node.0.id,
            data: &held.contents.data,
            version: held.stamp.version,
            write_timestamp: held.contents.timestamp(),
            write_id: held.contents.write_id(),
            replicated_at: copy.replicated_at.map(|at| at.0),
            data_age_ms: held.contents.age_ms(),
            replication_delay_ms: copy.delay_ms,
            epoch: held.stamp.epoch,
        },
    )
}

async fn replicate(State(node): State<Node>, headers: HeaderMap, sent: SentState) -> Response {
    let delay = headers
        .get(DELAY)
        .map(|value| value.to_str().unwrap_or("?"));
    let delay_ms = match delay.map(delay_header).transpose() {
        Ok(delay) => delay.unwrap_or(0),
        Err(problem) => return problem.into_response(),
    };
    annotate("replica.id", node.0.id.as_str());
    annotate("replication.version", sent.version);
    annotate("replication.delay_ms", delay_ms);
    let now = Timestamp::now();
    let written = sent.contents.timestamp();
    node.0.metrics.received.inc();
    let mut copy = node.copy();
    let stamp = Stamp {
        epoch: sent.epoch.unwrap_or(copy.replica.held().stamp.epoch),
        version: sent.version,
    };
    let contents = sent.contents;
    let receipt = copy.replica.receive(Snapshot { stamp, contents });
    if receipt == Receipt::Applied {
        copy.replicated_at = Some(now);
        copy.delay_ms = delay_ms;
        node.show_version(&copy);
        if let Some(written) = written {
            node.0
                .metrics
                .lag_seconds
                .observe((now.0 - written).max(0.0));
        }
    }
    let (held, replicated_at) = (copy.replica.held().stamp, copy.replicated_at);
    drop(copy);
    let status = match receipt {
        Receipt::Applied => {
            tracing::info!(
                version = stamp.version,
                epoch = stamp.epoch,
                delay_ms,
                "applied"
            );
            "replicated"
        }
        Receipt::Repeated => "replicated",
        Receipt::Ignored => {
            tracing::info!(
                version = stamp.version,
                held = held.version,
                "ignored an older state"
            );
            "ignored"
        }
    };
    of(
        held,
        Taken {
            status,
            replica_id: &node.0.id,
            version: held.version,
            replicated_at: replicated_at.map(|at| at.0),
        },
    )
}

/// From the primary it comes with an epoch. Without one it is as if the replica had been started anew: the primary
/// will bring it up to date.
async fn reset(State(node): State<Node>, ResetEpoch(epoch): ResetEpoch) -> Response {
    let mut copy = node.copy();
    match epoch {
        Some(epoch) => {
            let stamp = Stamp { epoch, version: 0 };
            let sent = Snapshot {
                stamp,
                ..Snapshot::default()
            };
            if copy.replica.receive(sent) == Receipt::Applied {
                copy.replicated_at = None;
                copy.delay_ms = 0;
            }
        }
        None => copy.replica = Replica::default(),
    }
    node.show_version(&copy);
    let held = copy.replica.held().stamp;
    drop(copy);
    tracing::info!(version = held.version, epoch = held.epoch, "reset");
    of(
        held,
        Reset {
            status: "reset",
            replica_id: &node.0.id,
            version: held.version,
        },
    )
}

impl Node {
    /// With the copy locked, so that the gauge never goes back.
    fn show_version(&self, copy: &Copy) {
        let version = copy.replica.held().stamp.version;
        self.0
            .metrics
            .version
            .set(i64::try_from(version).unwrap_or(i64::MAX));
    }
}

/// An answer that speaks of the state with this stamp.
fn of(stamp: Stamp, body: impl Serialize) -> Response {
    ([(EPOCH, stamp.epoch.to_string())], Json(body)).into_response()
}
