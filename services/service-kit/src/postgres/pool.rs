//! The pool, and how a statement is run on it: each takes a bounded time; what a failure means is in its
//! error.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Object, Pool};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row, Statement};

use super::error::{PostgresError, is_refusal};
use super::session::{Connector, Session, SessionId, Statements};

/// For a connection to be made.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(5);
/// For an answer; a little more than the server's own limit on statements.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// What a statement is run with, in the order of its `$1`, `$2`, …
pub type StatementParameters<'p> = &'p [&'p (dyn ToSql + Sync)];

/// What the services' pools differ in.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings<'s> {
    /// What sessions call themselves on the server, unless the URL has a name for them.
    pub name: &'s str,
    /// Connections at most.
    pub max_connections: usize,
    /// A statement waits so long for one of them to be free.
    pub patience: Duration,
}

/// A handle on the database; connects when it must. Times are UTC in its sessions.
#[derive(Debug)]
pub struct PostgresPool<S: Statements> {
    pool: Pool<Connector<S>>,
    /// Set once the first connection has been tried. Until then all wait for it: a server at its start is
    /// slowed by each connection more, and none of them would be there before the first.
    first_try: OnceCell<()>,
}

impl<S: Statements> PostgresPool<S> {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// `url` is not one of PostgreSQL.
    ///
    /// # Panics
    /// Never: a pool with time limits has a runtime.
    pub fn open(url: &str, settings: PoolSettings<'_>) -> Result<Self, tokio_postgres::Error> {
        let pool = Pool::builder(Connector::new(url.parse::<Config>()?, settings.name))
            .max_size(settings.max_connections)
            .wait_timeout(Some(settings.patience))
            .create_timeout(Some(CONNECTION_PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()
            .expect("a pool with time limits has a runtime");
        Ok(Self {
            pool,
            first_try: OnceCell::new(),
        })
    }

    /// Makes the first two connections, so that the first requests need not.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub async fn connect(&self) -> Result<(), PostgresError> {
        let first = self.session().await?;
        // Given back when the second one is under way: earlier, it would be the second one.
        let (second, ()) = tokio::join!(self.session(), async { drop(first) });
        second.map(drop)
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), PostgresError> {
        let session = self.session().await?;
        match session.client.simple_query("").await {
            Ok(_) => Ok(()),
            Err(error) => Err(unanswered(session, Some(error))),
        }
    }

    /// Runs a statement once.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub async fn run(
        &self,
        statement: fn(&S) -> &Statement,
        parameters: StatementParameters<'_>,
    ) -> Result<Vec<Row>, PostgresError> {
        self.send(|session| statement(&session.statements), parameters)
            .await
    }

    /// As [`Self::run`], once more if the connection turns out to be lost; for statements without effect.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub async fn read(
        &self,
        statement: fn(&S) -> &Statement,
        parameters: StatementParameters<'_>,
    ) -> Result<Vec<Row>, PostgresError> {
        match self.run(statement, parameters).await {
            Err(error) if error.is_lost_connection() => self.run(statement, parameters).await,
            outcome => outcome,
        }
    }

    /// Ends `session` on the server; says whether it was over already, and with it all it was sent.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub async fn is_over(&self, session: &SessionId) -> Result<bool, PostgresError> {
        let rows = self
            .send(|session| &session.end, &[&session.0.as_ref()])
            .await?;
        Ok(rows.is_empty())
    }

    async fn send(
        &self,
        statement: impl FnOnce(&Session<S>) -> &Statement,
        parameters: StatementParameters<'_>,
    ) -> Result<Vec<Row>, PostgresError> {
        let session = self.session().await?;
        let answer = session.client.query(statement(&session), parameters);
        match timeout(ANSWER_PATIENCE, answer).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) if is_refusal(&error) => Err(PostgresError::Refused(error)),
            Ok(Err(error)) => Err(unanswered(session, Some(error))),
            Err(_) => Err(unanswered(session, None)),
        }
    }

    async fn session(&self) -> Result<Object<Connector<S>>, PostgresError> {
        if !self.first_try.initialized() {
            let first_try = async || drop(self.pool.get().await);
            Box::pin(self.first_try.get_or_init(first_try)).await;
        }
        Ok(self.pool.get().await?)
    }
}

/// The connection is of no more use: it is closed, not given back.
fn unanswered<S: Statements>(
    session: Object<Connector<S>>,
    source: Option<tokio_postgres::Error>,
) -> PostgresError {
    let session: Session<S> = Object::take(session);
    PostgresError::Unanswered {
        session: session.id.clone(),
        source,
    }
}
