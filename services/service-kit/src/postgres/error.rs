//! How a statement can fail, and what is then known of it.

use deadpool::managed::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

use super::session::SessionId;

/// A statement that did not answer with rows.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// All connections were in use for as long as the pool waits for one: it did not run.
    #[error("no connection to PostgreSQL became free in time")]
    Busy,
    /// There was no connection to send it over: it did not run.
    #[error("no connection to PostgreSQL")]
    Unavailable(#[source] PoolError<tokio_postgres::Error>),
    /// PostgreSQL refused it: it had no effect.
    #[error("PostgreSQL refused the statement")]
    Refused(#[source] tokio_postgres::Error),
    /// It was sent and never answered: it may have run, or may run yet.
    #[error("PostgreSQL did not say what became of the statement")]
    Unanswered {
        /// The session that has it; once that is over, so is the statement.
        session: SessionId,
        /// `None` if time ran out.
        #[source]
        source: Option<tokio_postgres::Error>,
    },
}

impl PostgresError {
    /// Whether the connection was lost, so that a statement without effects is worth another one.
    pub(super) fn is_lost_connection(&self) -> bool {
        matches!(
            self,
            Self::Unanswered {
                source: Some(_),
                ..
            }
        )
    }
}

impl From<PoolError<tokio_postgres::Error>> for PostgresError {
    fn from(error: PoolError<tokio_postgres::Error>) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy,
            error => Self::Unavailable(error),
        }
    }
}

/// Whether `error` is the server's word that the statement had no effect.
pub(super) fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let ends_the_session = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    error
        .code()
        .is_some_and(|code| !ends_the_session.contains(code))
}
