//! One connection: its statements, prepared when it begins, and who it is on the server.

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

/// Process id and start of a session on the server: no two sessions share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionId(pub(super) Arc<str>);

/// Matches [`SessionId`]s, of rows of `pg_stat_get_activity`: the view `pg_stat_activity` joins what is not
/// needed here, and takes each new connection a millisecond.
const WHO: &str = "pid::text || ' ' || backend_start::text";

/// A connection of the pool.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) id: SessionId,
    pub(super) statements: Statements,
    driver: JoinHandle<()>,
}

/// What the service asks the database, in order of [`super::Database`]'s methods.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) select: Statement,
    pub(super) insert: Statement,
    pub(super) update: Statement,
    pub(super) reprice: Statement,
    pub(super) delete: Statement,
    pub(super) select_all: Statement,
    pub(super) end_session: Statement,
}

/// Makes the pool's connections.
#[derive(Debug)]
pub(super) struct Connector(Config);

impl Connector {
    pub(super) fn new(mut config: Config) -> Self {
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
            config.application_name("product-service");
        }
        Self(config)
    }

    async fn open(&self) -> Result<Session, Error> {
        let (client, connection) = self.0.connect(NoTls).await?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer gets the error; here it is only the end of the task.
            if let Err(error) = connection.await {
                tracing::debug!(error = error.to_string(), "PostgreSQL connection ended");
            }
        });
        let (id, statements) = tokio::try_join!(identify(&client), Statements::prepare(&client))?;
        Ok(Session {
            client,
            id,
            statements,
            driver,
        })
    }
}

impl Manager for Connector {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        // Boxed: it is large, rarely runs, and would be part of every request's future.
        Box::pin(self.open()).await
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        if session.client.is_closed() {
            return Err(RecycleError::message("closed"));
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without this a connection with an unanswered statement would stay open until the answer.
        self.driver.abort();
    }
}

impl Statements {
    async fn prepare(client: &Client) -> Result<Self, Error> {
        const FIELDS: &str = "id, name, description, price::float8, \
            to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), \
            to_char(updated_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')";
        let select = format!("SELECT {FIELDS} FROM products WHERE id = $1");
        let insert = format!(
            "INSERT INTO products (id, name, description, price, created_at, updated_at) \
             VALUES ($1, $2, $3, $4::float8::numeric(10,2), localtimestamp, localtimestamp) \
             RETURNING {FIELDS}"
        );
        let update = format!(
            "UPDATE products SET name = $2, description = $3, price = $4::float8::numeric(10,2), \
             updated_at = localtimestamp WHERE id = $1 RETURNING {FIELDS}"
        );
        let reprice = format!(
            "UPDATE products SET price = $2::float8::numeric(10,2), updated_at = localtimestamp \
             WHERE id = $1 RETURNING {FIELDS}"
        );
        let delete = format!("DELETE FROM products WHERE id = $1 RETURNING {FIELDS}");
        let select_all =
            format!("SELECT {FIELDS} FROM products ORDER BY created_at DESC, id LIMIT $1");
        let end_session = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity(NULL) WHERE {WHO} = $1"
        );
        let (select, insert, update, reprice, delete, select_all, end_session) = tokio::try_join!(
            client.prepare(&select),
            client.prepare(&insert),
            client.prepare(&update),
            client.prepare(&reprice),
            client.prepare(&delete),
            client.prepare(&select_all),
            client.prepare(&end_session),
        )?;
        Ok(Self {
            select,
            insert,
            update,
            reprice,
            delete,
            select_all,
            end_session,
        })
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
