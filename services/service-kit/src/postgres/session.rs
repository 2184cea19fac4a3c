//! One connection: its statements, prepared when it begins, and who it is on the server.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, Statement};

/// The server ends a statement that takes longer, one that waits for a lock too.
const STATEMENT_LIMIT: Duration = Duration::from_millis(2500);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for so long is gone, and the connection with it.
const SILENCE: Duration = Duration::from_secs(4);

/// What a service asks the database, prepared once for each connection.
///
/// ```
/// use service_kit::Statements;
/// use tokio_postgres::{Client, Error, Statement};
///
/// struct Asked { count: Statement, rename: Statement }
///
/// impl Statements for Asked {
///     async fn prepare(client: &Client) -> Result<Self, Error> {
///         let (count, rename) = tokio::try_join!(
///             client.prepare("SELECT count(*) FROM things"),
///             client.prepare("UPDATE things SET name = $2 WHERE id = $1"),
///         )?;
///         Ok(Self { count, rename })
///     }
/// }
/// ```
pub trait Statements: Sized + Send + Sync + 'static {
    /// Prepares them all, best at once: they are sent without waiting for each other's answers.
    ///
    /// # Errors
    /// PostgreSQL does not know what a statement speaks of.
    fn prepare(client: &Client) -> impl Future<Output = Result<Self, Error>> + Send;
}

/// Process id and start of a session on the server: no two sessions share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId(pub(super) Arc<str>);

/// Matches [`SessionId`]s, of rows of `pg_stat_get_activity`: the view `pg_stat_activity` joins what is not
/// needed here, and takes each new connection a millisecond.
const WHO: &str = "pid::text || ' ' || backend_start::text";

/// A connection of the pool.
#[derive(Debug)]
pub(super) struct Session<S> {
    pub(super) client: Client,
    pub(super) id: SessionId,
    pub(super) statements: S,
    pub(super) end: Statement,
    driver: JoinHandle<()>,
}

/// Makes the pool's connections.
#[derive(Debug)]
pub(super) struct Connector<S> {
    config: Config,
    statements: PhantomData<fn() -> S>,
}

impl<S: Statements> Connector<S> {
    /// Sessions call themselves `name` unless `config` has a name for them.
    pub(super) fn new(mut config: Config, name: &str) -> Self {
        let own = format!(
            "-c timezone=UTC -c statement_timeout={}",
            STATEMENT_LIMIT.as_millis()
        );
        let options = match config.get_options() {
            Some(theirs) => format!("{own} {theirs}"),
            None => own,
        };
        config
            .options(options)
            .connect_timeout(CONNECT_PATIENCE)
            .tcp_user_timeout(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name(name);
        }
        Self {
            config,
            statements: PhantomData,
        }
    }

    async fn open(&self) -> Result<Session<S>, Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer gets the error; here it is only the end of the task.
            if let Err(error) = connection.await {
                tracing::debug!(error = error.to_string(), "PostgreSQL connection ended");
            }
        });
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity(NULL) WHERE {WHO} = $1"
        );
        let (id, statements, end) =
            tokio::try_join!(identify(&client), S::prepare(&client), client.prepare(&end))?;
        Ok(Session {
            client,
            id,
            statements,
            end,
            driver,
        })
    }
}

impl<S: Statements> Manager for Connector<S> {
    type Type = Session<S>;
    type Error = Error;

    async fn create(&self) -> Result<Session<S>, Error> {
        // Boxed: it is large, rarely runs, and would be part of every request's future.
        Box::pin(self.open()).await
    }

    async fn recycle(&self, session: &mut Session<S>, _: &Metrics) -> RecycleResult<Error> {
        if session.client.is_closed() {
            return Err(RecycleError::message("closed"));
        }
        Ok(())
    }
}

impl<S> Drop for Session<S> {
    fn drop(&mut self) {
        // Without this a connection with an unanswered statement would stay open until the answer.
        self.driver.abort();
    }
}

async fn identify(client: &Client) -> Result<SessionId, Error> {
    let query = format!("SELECT {WHO} FROM pg_stat_get_activity(pg_backend_pid())");
    let messages = client.simple_query(&query).await?;
    let id = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(SessionId(id.unwrap_or_default().into()))
}
