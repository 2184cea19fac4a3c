//! What the handlers share, and the operations on the cache that are counted and logged.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use service_kit::{AdminToken, Span, connect, error_chain, milliseconds};

use crate::cache::{Cache, CacheError};
use crate::config::Config;
use crate::database::Database;
use crate::invalidation::{self, Owed};
use crate::metrics::{Metrics, Reason};

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
    pub(crate) owed: Owed,
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
        let state = Self(Arc::new(Parts {
            service_name: config.service_name.clone(),
            cache_ttl_seconds,
            admin_token: config.admin_token.clone(),
            cache: Cache::open(&config.redis_url, cache_ttl_seconds, config.redis_timeout)?,
            database: Database::open(&config.postgres_url)?,
            metrics: Metrics::new(&config.service_name),
            owed: Owed::default(),
        }));
        let (cache, database) = (state.clone(), state.clone());
        tokio::spawn(connect("redis", async move || cache.cache.ping().await));
        tokio::spawn(connect("postgres", async move || {
            database.database.connect().await
        }));
        tokio::spawn(invalidation::pay(state.clone()));
        Ok(state)
    }

    /// Drops a product from the cache after a write; false if that is still owed.
    pub(crate) async fn invalidate(&self, id: &str, reason: Reason) -> bool {
        let span = Span::command("cache_invalidate", "DEL", &Cache::key(id));
        if reason == Reason::Update {
            span.set("invalidation.reason", reason.as_str());
        }
        let started = Instant::now();
        match self.drop_from_cache(id, reason).await {
            Ok(key_existed) => {
                if reason == Reason::Update {
                    span.set("cache.key_existed", key_existed);
                    span.set("cache.duration_ms", milliseconds(started.elapsed()));
                }
                true
            }
            Err(error) => {
                span.fail(&error_chain(&error));
                tracing::warn!(
                    key = Cache::key(id),
                    reason = reason.as_str(),
                    error = error_chain(&error),
                    "cache invalidation failed; bypassing the cache until it is made up for"
                );
                self.owed.remember(id, reason, None);
                false
            }
        }
    }

    /// Drops a product from the cache; says whether it was there.
    pub(crate) async fn drop_from_cache(
        &self,
        id: &str,
        reason: Reason,
    ) -> Result<bool, CacheError> {
        let started = Instant::now();
        let outcome = self.cache.invalidate(id).await;
        let elapsed = started.elapsed();
        self.metrics.cache_delete.observe(elapsed.as_secs_f64());
        let key_existed = outcome?;
        self.metrics.invalidations.count(reason, 1);
        tracing::info!(
            key = Cache::key(id),
            reason = reason.as_str(),
            key_existed,
            duration_ms = milliseconds(elapsed),
            "cache INVALIDATE"
        );
        Ok(key_existed)
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
