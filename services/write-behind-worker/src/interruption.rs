//! What keeps the worker from going on as it does.

use service_kit::RedisClientError;

use crate::session::SessionError;
use crate::stop::Stopping;

/// Why draining ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interruption {
    /// The worker shall end.
    #[error("the worker is told to stop")]
    Stopping,
    /// Redis has another owner, or has forgotten this one.
    #[error("Redis does not know this worker as the queue's owner")]
    NotOwner,
    /// Redis cannot be used.
    #[error("the queue cannot be used")]
    Queue(#[from] RedisClientError),
    /// PostgreSQL cannot be used.
    #[error("the database cannot be used")]
    Database(#[from] SessionError),
}

impl From<Stopping> for Interruption {
    fn from(_: Stopping) -> Self {
        Self::Stopping
    }
}
