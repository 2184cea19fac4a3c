//! The one session that writes. PostgreSQL gives it a lock for as long as it lives: a worker that follows a
//! killed one waits until the statement that was under way has ended, one way or the other.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Statement};

use crate::batch::Batch;

/// The server ends a statement that takes longer, one that waits for a lock too.
const STATEMENT_LIMIT: Duration = Duration::from_millis(2500);
/// For an answer; a little more than the server's own limit.
const PATIENCE: Duration = Duration::from_secs(3);
/// For a connection with its lock and its statements: several answers.
const OPENING_PATIENCE: Duration = Duration::from_secs(5);
/// The lock that makes a session the only one to write.
const LOCK: i64 = 42;

/// `created_at` of a row that is there stays as it is.
const UPSERT: &str = "
INSERT INTO products (id, name, price, quantity, created_at, updated_at)
SELECT id, name, price::numeric(10,2), quantity, created_at::timestamptz, updated_at::timestamptz
FROM unnest($1::text[], $2::text[], $3::float8[], $4::int4[], $5::text[], $6::text[])
  AS row (id, name, price, quantity, created_at, updated_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price,
  quantity = excluded.quantity, updated_at = excluded.updated_at";
/// In the same statement, for all of it or nothing.
const DELETE: &str = "WITH gone AS (DELETE FROM products WHERE id = ANY ($7::text[]))";

/// A connection that holds the lock.
#[derive(Debug)]
pub struct Session {
    client: Client,
    upsert: Statement,
    delete_and_upsert: Statement,
    driver: JoinHandle<()>,
}

/// The database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Time ran out; the statement may have run, or may run yet.
    #[error("no answer from PostgreSQL within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The connection was found to be lost.
    #[error("the connection to PostgreSQL is lost")]
    Lost,
    /// Another worker has the lock.
    #[error("another worker's session has not ended yet")]
    Locked,
    /// PostgreSQL refused, or the connection is lost.
    #[error("PostgreSQL failed")]
    Postgres(#[from] tokio_postgres::Error),
}

/// What a failed write says about its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing: the database cannot be used, or not now.
    Outage,
    /// One of them can never be written.
    Permanent,
    /// One of them was refused, for a reason that may pass.
    Attempt,
}

impl Session {
    /// Connects and takes the lock.
    ///
    /// # Errors
    /// There is no connection, or another session has the lock still.
    pub async fn open(mut config: Config) -> Result<Self, SessionError> {
        let limit = STATEMENT_LIMIT.as_millis();
        config
            .options(format!("-c timezone=UTC -c statement_timeout={limit}"))
            .connect_timeout(OPENING_PATIENCE)
            .tcp_user_timeout(PATIENCE)
            .application_name("write-behind-worker");
        let open = async {
            let (client, connection) = config.connect(NoTls).await?;
            // Whoever waits for an answer gets the error.
            let driver = tokio::spawn(async move { drop(connection.await) });
            let lock = client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]);
            if !lock.await?.get::<_, bool>(0) {
                driver.abort();
                return Err(SessionError::Locked);
            }
            let upsert = client.prepare(UPSERT).await?;
            let delete_and_upsert = client.prepare(&format!("{DELETE}{UPSERT}")).await?;
            Ok(Self {
                client,
                upsert,
                delete_and_upsert,
                driver,
            })
        };
        timeout(OPENING_PATIENCE, open)
            .await
            .map_err(|_| SessionError::Timeout(OPENING_PATIENCE))?
    }

    /// Whether the session has been seen to end, and its lock with it.
    ///
    /// # Errors
    /// It has.
    pub fn check(&self) -> Result<(), SessionError> {
        if self.client.is_closed() {
            return Err(SessionError::Lost);
        }
        Ok(())
    }

    /// Whether the session still has its lock: the server is asked.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn ping(&self) -> Result<(), SessionError> {
        match timeout(PATIENCE, self.client.simple_query("")).await {
            Ok(outcome) => Ok(outcome.map(drop)?),
            Err(_) => Err(SessionError::Timeout(PATIENCE)),
        }
    }

    /// Writes `batch`, all of it or nothing.
    ///
    /// # Errors
    /// See [`SessionError::failure`]; after an outage the session is of no more use.
    pub async fn write(&self, batch: &Batch<'_>) -> Result<(), SessionError> {
        let Batch {
            ids,
            names,
            prices,
            quantities,
            created,
            updated,
            deleted,
        } = batch;
        let columns: [&(dyn ToSql + Sync); 7] =
            [ids, names, prices, quantities, created, updated, deleted];
        let write = if deleted.is_empty() {
            self.client.execute(&self.upsert, &columns[..6])
        } else {
            self.client.execute(&self.delete_and_upsert, &columns)
        };
        match timeout(PATIENCE, write).await {
            Ok(outcome) => Ok(outcome.map(drop)?),
            Err(_) => Err(SessionError::Timeout(PATIENCE)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without this a connection with an unanswered statement would stay open until the answer.
        self.driver.abort();
    }
}

impl SessionError {
    /// What it says about the entries that were to be written.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Postgres(error) => error.code().map_or(Failure::Outage, of_code),
            Self::Timeout(_) | Self::Lost | Self::Locked => Failure::Outage,
        }
    }
}

/// By class, see <https://www.postgresql.org/docs/16/errcodes-appendix.html>.
fn of_code(code: &SqlState) -> Failure {
    match code.code().get(..2) {
        // Data exception, integrity constraint.
        Some("22" | "23") => Failure::Permanent,
        // Connection, authorisation, catalogue, schema, resources, limits, locks, operator, system.
        Some("08" | "25" | "28" | "3D" | "3F" | "42" | "53" | "54" | "55" | "57" | "58") => {
            Failure::Outage
        }
        _ => Failure::Attempt,
    }
}
