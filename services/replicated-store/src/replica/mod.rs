//! A read replica: it takes states from the primary and gives them to readers.

mod http;
mod metrics;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;

use crate::clock::Timestamp;
use crate::config::ReplicaConfig;
use crate::contents::Contents;
use crate::protocol::Replica;
use metrics::Metrics;

/// Starts with nothing.
pub fn start(service_name: &str, config: &ReplicaConfig) -> Router {
    http::routes(Node(Arc::new(Shared {
        service_name: service_name.to_owned(),
        id: config.id.clone(),
        copy: Mutex::default(),
        metrics: Metrics::new(&config.id),
    })))
}

#[derive(Debug, Clone)]
struct Node(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    service_name: String,
    id: String,
    copy: Mutex<Copy>,
    metrics: Metrics,
}

/// What is held, and how it came.
#[derive(Debug, Default, Clone)]
struct Copy {
    replica: Replica<Contents>,
    replicated_at: Option<Timestamp>,
    delay_ms: u64,
}

impl Node {
    fn copy(&self) -> MutexGuard<'_, Copy> {
        self.0
            .copy
            .lock()
            .expect("nothing panics with the lock held")
    }
}
