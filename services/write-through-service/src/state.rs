//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use service_kit::{AdminToken, UnderWay, connect};

use crate::cache::Cache;
use crate::config::Config;
use crate::database::Database;
use crate::metrics::Metrics;
use crate::owed::Owed;
use crate::payment;

/// A handle on the running service; clones are the same service.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

/// What [`AppState`] is a handle on.
#[derive(Debug)]
pub struct Parts {
    pub(crate) service_name: String,
    pub(crate) cache_ttl_seconds: u32,
    pub(crate) admin_token: AdminToken,
    pub(crate) cache: Cache,
    pub(crate) database: Database,
    pub(crate) metrics: Metrics,
    pub(crate) owed: Arc<Owed>,
    /// Requests for items at this moment.
    pub(crate) under_way: UnderWay,
}

/// The configuration names a store that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `REDIS_URL` is no Redis URL.
    #[error("REDIS_URL is not a Redis URL")]
    Redis(#[from] redis::RedisError),
    /// `POSTGRES_URL` is no PostgreSQL URL.
    #[error("POSTGRES_URL is not a PostgreSQL URL")]
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
        let cache_ttl_seconds = config.cache_ttl_seconds.get();
        redis::Client::open(config.redis_url.as_str())?;
        let owed = Arc::new(Owed::everything());
        let state = Self(Arc::new(Parts {
            service_name: config.service_name.clone(),
            cache_ttl_seconds,
            admin_token: config.admin_token.clone(),
            cache: Cache::new(
                &config.redis_url,
                cache_ttl_seconds,
                config.redis_timeout,
                Arc::clone(&owed),
            ),
            database: Database::open(&config.postgres_url, config.postgres_wait)?,
            metrics: Metrics::new(&config.service_name),
            owed,
            under_way: UnderWay::default(),
        }));
        let database = state.clone();
        tokio::spawn(connect("postgres", async move || {
            database.database.connect().await
        }));
        tokio::spawn(payment::pay(state.clone()));
        Ok(state)
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
