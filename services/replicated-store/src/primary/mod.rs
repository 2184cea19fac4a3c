//! The primary: it takes all writes, and copies its state to the replicas.

mod http;
mod metrics;
mod replication;
mod traced;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use tokio::sync::{Notify, watch};

use crate::config::PrimaryConfig;
use crate::contents::Contents;
use crate::peer::Peer;
use crate::protocol::Primary;
use metrics::Metrics;
use traced::UnderWay;

/// Starts asking the replicas what they hold, and copying to them. Until it has begun, everything answers 503.
///
/// # Errors
/// There is no HTTP client to be had.
pub fn start(service_name: &str, config: &PrimaryConfig) -> Result<Router, reqwest::Error> {
    let node = Node(Arc::new(Shared {
        service_name: service_name.to_owned(),
        replicas: config.replicas.clone(),
        default_delays_ms: config.default_delays_ms,
        delays_ms: config.delays_ms.clone(),
        http: reqwest::Client::builder().no_proxy().build()?,
        started: Instant::now(),
        primary: Mutex::new(None),
        news: config.replicas.iter().map(|_| Notify::new()).collect(),
        resets: watch::Sender::new(0),
        told_of_reset: watch::Sender::new(vec![0; config.replicas.len()]),
        under_way: config
            .replicas
            .iter()
            .map(|_| UnderWay::default())
            .collect(),
        metrics: Metrics::new(&config.replicas),
    }));
    tokio::spawn(replication::run(node.clone()));
    Ok(http::routes(node))
}

#[derive(Debug, Clone)]
struct Node(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    service_name: String,
    replicas: Vec<Peer>,
    default_delays_ms: [u64; 2],
    /// Those it starts with.
    delays_ms: Vec<u64>,
    http: reqwest::Client,
    started: Instant,
    /// None while it is starting.
    primary: Mutex<Option<Primary<Contents>>>,
    /// Wakes whoever sends to a replica.
    news: Vec<Notify>,
    /// The epoch of the last reset: what is under way from before is given up.
    resets: watch::Sender<u64>,
    /// For each replica the epoch of the last reset that it was told of, or could not be.
    told_of_reset: watch::Sender<Vec<u64>>,
    /// For each replica.
    under_way: Vec<UnderWay>,
    metrics: Metrics,
}

impl Node {
    fn now(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// None while it is starting.
    fn with<R>(&self, act: impl FnOnce(&mut Primary<Contents>) -> R) -> Option<R> {
        let mut primary = self
            .0
            .primary
            .lock()
            .expect("nothing panics with the lock held");
        let primary = primary.as_mut()?;
        let result = act(primary);
        let version = primary.current().stamp.version;
        self.0
            .metrics
            .version
            .set(i64::try_from(version).unwrap_or(i64::MAX));
        Some(result)
    }

    /// Wakes those for whom there is something to do earlier than they wait for.
    fn wake(&self, primary: &Primary<Contents>) {
        for (replica, news) in self.0.news.iter().enumerate() {
            if primary.must_wake(replica) {
                news.notify_one();
            }
        }
    }
}
