//! The connection to Redis, and the breaker in front of it.
//!
//! The link is *up* with a connection, or *down*. A command that fails for want of an answer takes it down;
//! then commands fail at once, and only [`Link::bring_up`] asks Redis again. A connection that turns out to
//! be lost is replaced on the spot, once: that is how an idle link sees a restart.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue};
use service_kit::{Arguments, RedisClient, RedisClientError, Script, error_chain};
use tokio::time::timeout;

use super::items::CacheError;
use crate::owed::Owed;

type Redis = RedisClient<MultiplexedConnection>;

#[derive(Debug)]
pub(super) struct Link {
    url: String,
    patience: Duration,
    state: Mutex<State>,
    /// Held by whoever connects.
    connecting: tokio::sync::Mutex<()>,
    owed: Arc<Owed>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<Arc<Redis>>,
    /// Of the Redis that was last connected.
    run_id: Option<String>,
}

impl Link {
    /// Down.
    pub(super) fn new(url: &str, patience: Duration, owed: Arc<Owed>) -> Self {
        Self {
            url: url.to_owned(),
            patience,
            state: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            owed,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.state().connection.is_some()
    }

    /// Connects, unless the link is up.
    pub(super) async fn bring_up(&self) -> Result<(), CacheError> {
        if self.is_up() {
            return Ok(());
        }
        self.connect(None).await.map(drop)
    }

    /// Within the patience of the link, a second attempt and a new connection included.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let connection = self.connection()?;
        let attempts = async {
            match connection.query(command).await {
                Err(error) if error.is_lost_connection() => {
                    let connection = self.reconnect(&connection).await?;
                    Ok(connection.query(command).await?)
                }
                outcome => Ok(outcome?),
            }
        };
        self.judged(attempts).await
    }

    /// As [`Self::query`], for a script.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: &Arguments,
    ) -> Result<T, CacheError> {
        let connection = self.connection()?;
        let attempts = async {
            match connection.run(script, arguments).await {
                Err(error) if error.is_lost_connection() => {
                    let connection = self.reconnect(&connection).await?;
                    Ok(connection.run(script, arguments).await?)
                }
                outcome => Ok(outcome?),
            }
        };
        self.judged(attempts).await
    }

    /// For what takes more than one command.
    pub(super) fn connection(&self) -> Result<Arc<Redis>, CacheError> {
        self.state().connection.clone().ok_or(CacheError::Down)
    }

    /// Takes the link down if `error` says that Redis is not there.
    pub(super) fn judge(&self, error: &CacheError) {
        let CacheError::Redis(cause) = error else {
            return;
        };
        let is_loading = cause.code() == Some("LOADING");
        if cause.is_lost_connection() || is_loading || matches!(cause, RedisClientError::Timeout(_))
        {
            let was_up = self.state().connection.take().is_some();
            if was_up {
                let error = error_chain(error);
                tracing::warn!(store = "redis", error, "connection lost");
                self.owed.wake();
            }
        }
    }

    /// Redis is not what it was.
    pub(super) fn distrust(&self) {
        self.owed.owe_everything();
    }

    async fn judged<T>(
        &self,
        attempts: impl Future<Output = Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        let outcome = timeout(self.patience, attempts)
            .await
            .unwrap_or_else(|_| Err(RedisClientError::Timeout(self.patience).into()));
        if let Err(error) = &outcome {
            self.judge(error);
        }
        outcome
    }

    /// Boxed: it is large, rarely runs, and would be part of every request's future.
    async fn reconnect(&self, lost: &Arc<Redis>) -> Result<Arc<Redis>, CacheError> {
        Box::pin(self.connect(Some(lost))).await
    }

    /// Another connection than `lost`, by whoever comes first.
    async fn connect(&self, lost: Option<&Arc<Redis>>) -> Result<Arc<Redis>, CacheError> {
        let _connecting = self.connecting.lock().await;
        match (self.state().connection.clone(), lost) {
            (Some(connection), Some(lost)) if Arc::ptr_eq(&connection, lost) => {}
            (Some(connection), _) => return Ok(connection),
            // Somebody tried already, and failed.
            (None, Some(_)) => return Err(CacheError::Down),
            (None, None) => {}
        }
        let attempt = async {
            let redis = Redis::connect(&self.url, self.patience).await?;
            let run_id = redis.run_id().await?;
            Ok((redis, run_id))
        };
        let attempt = timeout(self.patience, attempt).await;
        let attempt = attempt.unwrap_or(Err(RedisClientError::Timeout(self.patience)));
        match attempt {
            Ok((redis, run_id)) => Ok(self.publish(redis, run_id)),
            Err(error) => {
                let error = error.into();
                self.judge(&error);
                Err(error)
            }
        }
    }

    /// What another run of Redis holds is as old as its file: not one copy of it is trusted.
    fn publish(&self, redis: Redis, run_id: String) -> Arc<Redis> {
        let mut state = self.state();
        let redis = Arc::new(redis);
        if state.run_id.as_ref() != Some(&run_id) {
            self.owed.owe_everything();
            state.run_id = Some(run_id);
        }
        state.connection = Some(Arc::clone(&redis));
        drop(state);
        tracing::info!(store = "redis", "connected");
        redis
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
