//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use service_kit::{AdminToken, connect};
use write_behind_queue::{Producer, Window};

use crate::config::Config;
use crate::database::Database;
use crate::metrics::Metrics;

/// A handle on the running service; clones are the same service.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

/// What [`AppState`] is a handle on.
#[derive(Debug)]
pub struct Parts {
    pub(crate) service_name: String,
    pub(crate) write_behind: bool,
    pub(crate) coalescing: bool,
    pub(crate) coalescing_window_ms: u32,
    pub(crate) admin_token: AdminToken,
    pub(crate) queue: Producer,
    pub(crate) database: Database,
    pub(crate) metrics: Metrics,
    /// Requests for products at this moment.
    pub(crate) under_way: AtomicUsize,
}

/// The configuration names a store that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `REDIS_URL` is no Redis URL.
    #[error("REDIS_URL is not a Redis URL")]
    Redis(#[from] redis::RedisError),
    /// `DATABASE_URL` is no PostgreSQL URL.
    #[error("DATABASE_URL is not a PostgreSQL URL")]
    Postgres(#[from] tokio_postgres::Error),
}

impl AppState {
    /// Starts the service; the stores are connected in the background, as soon as they are there.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// The URL of a store is none.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        let state = Self(Arc::new(Parts {
            service_name: config.service_name.clone(),
            write_behind: config.write_behind,
            coalescing: config.coalescing,
            coalescing_window_ms: config.coalescing_window_ms,
            admin_token: config.admin_token.clone(),
            queue: Producer::open(&config.redis_url, config.redis_timeout, config.queue_limit)?,
            database: Database::open(&config.database_url, config.postgres_wait)?,
            metrics: Metrics::new(&config.service_name, config.write_behind),
            under_way: AtomicUsize::new(0),
        }));
        let redis = state.clone();
        tokio::spawn(connect("redis", async move || redis.queue.ping().await));
        let postgres = state.clone();
        tokio::spawn(connect("postgres", async move || {
            postgres.database.connect().await
        }));
        Ok(state)
    }
}

impl Parts {
    /// How long an update waits for others.
    pub(crate) fn window(&self) -> Window {
        let millis = u64::from(self.coalescing_window_ms);
        (self.coalescing && millis > 0).then(|| Duration::from_millis(millis))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Rounded to two decimals.
pub(crate) fn milliseconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 100_000.0).round() / 100.0
}
