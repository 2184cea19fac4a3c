//! The statements on products. Each takes a bounded time; what a failure means is in its error.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Object, Pool};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row, Statement};

use super::error::{DatabaseError, is_refusal};
use super::session::{Connector, Session, SessionId, Statements};
use crate::input::ProductInput;
use crate::product::Product;

const MAX_CONNECTIONS: usize = 10;
/// For a connection: to be free, and to be made.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(5);
/// For an answer; a little more than the server's own limit on statements.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

/// A handle on the database; connects when it must.
#[derive(Debug)]
pub(crate) struct Database {
    pool: Pool<Connector>,
    /// Set once the first connection has been tried. Until then all wait for it: a server at its start is
    /// slowed by each connection more, and none of them would be there before the first.
    first_try: OnceCell<()>,
}

impl Database {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// `url` is not one of PostgreSQL.
    pub(crate) fn open(url: &str) -> Result<Self, tokio_postgres::Error> {
        let pool = Pool::builder(Connector::new(url.parse::<Config>()?))
            .max_size(MAX_CONNECTIONS)
            .wait_timeout(Some(CONNECTION_PATIENCE))
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
    pub(crate) async fn connect(&self) -> Result<(), DatabaseError> {
        let first = self.session().await?;
        // Given back when the second one is under way: earlier, it would be the second one.
        let (second, ()) = tokio::join!(self.session(), async { drop(first) });
        second.map(drop)
    }

    pub(crate) async fn ping(&self) -> Result<(), DatabaseError> {
        let session = self.session().await?;
        match session.client.simple_query("").await {
            Ok(_) => Ok(()),
            Err(error) => Err(unanswered(session, Some(error))),
        }
    }

    pub(crate) async fn select(&self, id: &str) -> Result<Option<Product>, DatabaseError> {
        self.read_one(|s| &s.select, &[&id]).await
    }

    /// Newest first, those of one instant by id.
    pub(crate) async fn select_all(&self, limit: i64) -> Result<Vec<Product>, DatabaseError> {
        let rows = self.read(|s| &s.select_all, &[&limit]).await?;
        Ok(rows.iter().map(product).collect())
    }

    pub(crate) async fn insert(
        &self,
        id: &str,
        input: &ProductInput,
    ) -> Result<Option<Product>, DatabaseError> {
        self.write(|s| &s.insert, id, input).await
    }

    pub(crate) async fn update(
        &self,
        id: &str,
        input: &ProductInput,
    ) -> Result<Option<Product>, DatabaseError> {
        self.write(|s| &s.update, id, input).await
    }

    /// Changes the price and nothing else.
    pub(crate) async fn reprice(
        &self,
        id: &str,
        price: f64,
    ) -> Result<Option<Product>, DatabaseError> {
        let rows = self.run(|s| &s.reprice, &[&id, &price]).await?;
        Ok(rows.first().map(product))
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<Option<Product>, DatabaseError> {
        let rows = self.run(|s| &s.delete, &[&id]).await?;
        Ok(rows.first().map(product))
    }

    /// Ends `session` on the server; says whether it was over already, and with it all it was sent.
    pub(crate) async fn is_over(&self, session: &SessionId) -> Result<bool, DatabaseError> {
        let rows = self.run(|s| &s.end_session, &[&session.0.as_ref()]).await?;
        Ok(rows.is_empty())
    }

    async fn write(
        &self,
        statement: fn(&Statements) -> &Statement,
        id: &str,
        input: &ProductInput,
    ) -> Result<Option<Product>, DatabaseError> {
        let ProductInput {
            name,
            description,
            price,
        } = input;
        let rows = self
            .run(statement, &[&id, name, description, price])
            .await?;
        Ok(rows.first().map(product))
    }

    async fn read_one(
        &self,
        statement: fn(&Statements) -> &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Option<Product>, DatabaseError> {
        let rows = self.read(statement, parameters).await?;
        Ok(rows.first().map(product))
    }

    /// As [`Self::run`], once more if the connection turns out to be lost; for statements without effect.
    async fn read(
        &self,
        statement: fn(&Statements) -> &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, DatabaseError> {
        match self.run(statement, parameters).await {
            Err(error) if error.is_lost_connection() => self.run(statement, parameters).await,
            outcome => outcome,
        }
    }

    async fn run(
        &self,
        statement: fn(&Statements) -> &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, DatabaseError> {
        let session = self.session().await?;
        let answer = session
            .client
            .query(statement(&session.statements), parameters);
        match timeout(ANSWER_PATIENCE, answer).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) if is_refusal(&error) => Err(DatabaseError::Refused(error)),
            Ok(Err(error)) => Err(unanswered(session, Some(error))),
            Err(_) => Err(unanswered(session, None)),
        }
    }

    async fn session(&self) -> Result<Object<Connector>, DatabaseError> {
        let first_try = async || drop(self.pool.get().await);
        self.first_try.get_or_init(first_try).await;
        self.pool.get().await.map_err(DatabaseError::Unavailable)
    }
}

/// The connection is of no more use: it is closed, not given back.
fn unanswered(session: Object<Connector>, source: Option<tokio_postgres::Error>) -> DatabaseError {
    let session: Session = Object::take(session);
    DatabaseError::Unanswered {
        session: session.id.clone(),
        source,
    }
}

fn product(row: &Row) -> Product {
    Product {
        id: row.get(0),
        name: row.get(1),
        description: row.get(2),
        price: row.get(3),
        created_at: row.get(4),
        updated_at: row.get(5),
    }
}
