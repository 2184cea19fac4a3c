//! The look at all nodes that is repeated in the background, and what is made of it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::{Span, annotate};

use super::{Node, PATIENCE};
use crate::clock::Timestamp;
use crate::peer::Answer;
use crate::protocol::Stamp;
use crate::protocol::verdict::{Standing, all_consistent, standing, versions_behind};

/// Polled versions that not all replicas have yet, at most.
const MAX_OPEN: usize = 1000;
/// Polls without an answer until a node counts as unknown.
const INTERVALS: u32 = 3;

/// What was last seen of all nodes.
#[derive(Debug)]
pub(super) struct View {
    primary: Option<Seen>,
    replicas: Vec<Option<Seen>>,
    last_poll: Option<Timestamp>,
    /// Versions of the primary that not all replicas had, oldest first.
    open: VecDeque<(Stamp, Timestamp)>,
    newest: Stamp,
}

#[derive(Debug, Clone)]
struct Seen {
    at: Instant,
    stamp: Stamp,
    id: Value,
    write_id: Value,
    age_ms: Value,
}

impl View {
    pub(super) fn new(replicas: usize) -> Self {
        Self {
            primary: None,
            replicas: vec![None; replicas],
            last_poll: None,
            open: VecDeque::new(),
            newest: Stamp::default(),
        }
    }
}

impl Seen {
    fn of(answer: &Answer) -> Self {
        let field = |name| answer.body.get(name).cloned().unwrap_or_default();
        Self {
            at: Instant::now(),
            stamp: answer.stamp,
            id: field("source"),
            write_id: field("write_id"),
            age_ms: field("data_age_ms"),
        }
    }
}

pub(super) async fn run(node: Node) {
    loop {
        let started = Instant::now();
        let span = Span::root("poll-consistency");
        span.around(poll(&node)).await;
        drop(span);
        node.0
            .metrics
            .poll_seconds
            .observe(started.elapsed().as_secs_f64());
        tokio::time::sleep(node.0.poll_interval).await;
    }
}

async fn poll(node: &Node) {
    let shared = &node.0;
    let (primary, replicas) = read_all(node, "/version").await;
    for (peer, answer) in std::iter::once(&shared.primary)
        .chain(&shared.replicas)
        .zip(std::iter::once(&primary).chain(&replicas))
    {
        if let Err(error) = answer {
            tracing::warn!(node = peer.name, error = error.to_string(), "poll failed");
        }
    }
    let mut view = shared
        .view
        .lock()
        .expect("nothing panics with the lock held");
    view.last_poll = Some(Timestamp::now());
    for (seen, answer) in view.replicas.iter_mut().zip(&replicas) {
        if let Ok(answer) = answer {
            *seen = Some(Seen::of(answer));
        }
    }
    let stamps: Vec<_> = replicas
        .iter()
        .map(|a| a.as_ref().ok().map(|a| a.stamp))
        .collect();
    let now_primary = primary.as_ref().ok().map(|answer| answer.stamp);
    let is_consistent = all_consistent(now_primary, &stamps);
    shared.metrics.all_consistent.set(i64::from(is_consistent));
    annotate("consistency.all_consistent", is_consistent);
    let Ok(primary) = primary else {
        return;
    };
    annotate("consistency.primary_version", primary.stamp.version);
    view.primary = Some(Seen::of(&primary));
    view.remember(&primary);
    for (metrics, stamp) in shared.metrics.replicas.iter().zip(&stamps) {
        let Some(stamp) = *stamp else {
            continue;
        };
        let is_behind = standing(primary.stamp, stamp) == Standing::Behind;
        if is_behind {
            &metrics.stale
        } else {
            &metrics.fresh
        }
        .inc();
        let behind = versions_behind(primary.stamp, stamp);
        metrics
            .divergence
            .set(i64::try_from(behind).unwrap_or(i64::MAX));
        let lacking = view.open.iter().find(|(write, _)| !stamp.includes(*write));
        metrics
            .lag_ms
            .set(lacking.map_or(0.0, |(_, written)| written.age_ms()));
    }
    while let Some((write, written)) = view.open.front().copied() {
        let has = |stamp: &Option<Stamp>| stamp.is_some_and(|stamp| stamp.includes(write));
        if stamps.is_empty() || !stamps.iter().all(has) {
            break;
        }
        shared.metrics.window_ms.observe(written.age_ms());
        view.open.pop_front();
    }
}

impl View {
    fn remember(&mut self, primary: &Answer) {
        let stamp = primary.stamp;
        if stamp.epoch != self.newest.epoch {
            // What was written before is not measured.
            self.open.clear();
            self.newest = stamp;
            return;
        }
        if stamp.version > self.newest.version {
            let written = primary.body.get("write_timestamp").and_then(Value::as_f64);
            if let Some(written) = written {
                self.open.push_back((stamp, Timestamp(written)));
            }
            if self.open.len() > MAX_OPEN {
                self.open.pop_front();
            }
        }
        self.newest = stamp;
    }
}

type Read = Result<Answer, crate::peer::PeerError>;

/// The primary, then all replicas at once; the primary again where a replica was ahead of it.
pub(super) async fn read_all(node: &Node, path: &str) -> (Read, Vec<Read>) {
    let shared = &node.0;
    let mut primary = shared.primary.get(&shared.http, path, PATIENCE).await;
    let replicas = shared.replicas.iter();
    let replicas = join_all(replicas.map(|peer| peer.get(&shared.http, path, PATIENCE))).await;
    let is_ahead = primary.as_ref().is_ok_and(|primary| {
        let mut read = replicas.iter().flatten();
        read.any(|replica| standing(primary.stamp, replica.stamp) == Standing::Ahead)
    });
    if is_ahead {
        primary = shared.primary.get(&shared.http, path, PATIENCE).await;
    }
    (primary, replicas)
}

/// The body of `GET /status`.
pub(super) fn status(node: &Node) -> Value {
    let view = node
        .0
        .view
        .lock()
        .expect("nothing panics with the lock held");
    let patience = (node.0.poll_interval * INTERVALS).max(Duration::from_millis(100));
    let known = |seen: &Option<Seen>| {
        let seen = seen.as_ref().filter(|seen| seen.at.elapsed() <= patience);
        seen.map(|seen| seen.stamp)
    };
    let primary = known(&view.primary);
    let stamps: Vec<_> = view.replicas.iter().map(known).collect();
    let primary_version = view.primary.as_ref().map_or(0, |seen| seen.stamp.version);
    let replicas: Vec<_> = node
        .0
        .replicas
        .iter()
        .zip(view.replicas.iter().zip(&stamps))
        .map(|(peer, (seen, stamp))| {
            let is_consistent = all_consistent(primary, &[*stamp]);
            let version = seen.as_ref().map_or(0, |seen| seen.stamp.version);
            json!({
                "replica_id": seen.as_ref().map_or_else(|| json!(peer.name), |seen| seen.id.clone()),
                "version": version,
                "is_consistent": is_consistent,
                "version_behind": primary_version.saturating_sub(version),
                "data_age_ms": seen.as_ref().map_or(json!(0), |seen| seen.age_ms.clone()),
            })
        })
        .collect();
    let is_consistent = all_consistent(primary, &stamps);
    json!({
        "primary_version": primary_version,
        "primary_write_id": view.primary.as_ref().map_or(Value::Null, |seen| seen.write_id.clone()),
        "all_consistent": is_consistent,
        "replicas": replicas,
        "last_poll_time": view.last_poll.map_or(json!(0), |at| json!(at.0)),
        "waiting_for_consistency": !view.open.is_empty(),
    })
}
