//! The client: it writes, reads, polls, and says how far the replicas are behind.

mod http;
mod metrics;
mod poll;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;

use crate::config::ClientConfig;
use crate::peer::Peer;
use metrics::Metrics;
use poll::View;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts polling.
///
/// # Errors
/// There is no HTTP client to be had.
pub fn start(service_name: &str, config: &ClientConfig) -> Result<Router, reqwest::Error> {
    let node = Node(Arc::new(Shared {
        service_name: service_name.to_owned(),
        primary: config.primary.clone(),
        replicas: config.replicas.clone(),
        poll_interval: config.poll_interval,
        http: reqwest::Client::builder().no_proxy().build()?,
        view: Mutex::new(View::new(config.replicas.len())),
        metrics: Metrics::new(&config.replicas),
    }));
    tokio::spawn(poll::run(node.clone()));
    Ok(http::routes(node))
}

#[derive(Debug, Clone)]
struct Node(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    service_name: String,
    primary: Peer,
    replicas: Vec<Peer>,
    poll_interval: Duration,
    http: reqwest::Client,
    view: Mutex<View>,
    metrics: Metrics,
}
