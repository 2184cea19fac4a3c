//! The items in PostgreSQL: its statements. Each takes a bounded time; what a failure means is in its error.

use std::time::Duration;

use service_kit::{ItemInput, PoolSettings, PostgresError, PostgresPool, SessionId};
use tokio_postgres::{Client, Error, Statement};

use crate::item::{Item, Row};

const MAX_CONNECTIONS: usize = 10;

/// A handle on the database; connects when it must.
#[derive(Debug)]
pub(crate) struct Database(PostgresPool<Statements>);

/// In order of [`Database`]'s methods.
#[derive(Debug)]
struct Statements {
    select: Statement,
    insert: Statement,
    update: Statement,
    delete: Statement,
    select_all: Statement,
}

impl Database {
    /// Nothing is connected yet. A statement waits `patience` for a connection to be free.
    ///
    /// # Errors
    /// `url` is not one of PostgreSQL.
    pub(crate) fn open(url: &str, patience: Duration) -> Result<Self, Error> {
        let settings = PoolSettings {
            name: "write-through-service",
            max_connections: MAX_CONNECTIONS,
            patience,
        };
        PostgresPool::open(url, settings).map(Self)
    }

    /// Makes the first two connections, so that the first requests need not.
    pub(crate) async fn connect(&self) -> Result<(), PostgresError> {
        self.0.connect().await
    }

    pub(crate) async fn ping(&self) -> Result<(), PostgresError> {
        self.0.ping().await
    }

    pub(crate) async fn select(&self, id: &str) -> Result<Option<Row>, PostgresError> {
        let rows = self.0.read(|s| &s.select, &[&id]).await?;
        Ok(rows.first().map(row))
    }

    /// Newest first, those of one instant by id.
    pub(crate) async fn select_all(&self, limit: i64) -> Result<Vec<Item>, PostgresError> {
        let rows = self.0.read(|s| &s.select_all, &[&limit]).await?;
        Ok(rows.iter().map(|found| row(found).item).collect())
    }

    pub(crate) async fn insert(
        &self,
        id: &str,
        input: &ItemInput,
    ) -> Result<Option<Row>, PostgresError> {
        self.write(|s| &s.insert, id, input).await
    }

    pub(crate) async fn update(
        &self,
        id: &str,
        input: &ItemInput,
    ) -> Result<Option<Row>, PostgresError> {
        self.write(|s| &s.update, id, input).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<Option<Row>, PostgresError> {
        let rows = self.0.run(|s| &s.delete, &[&id]).await?;
        Ok(rows.first().map(row))
    }

    /// Ends `session` on the server; says whether it was over already, and with it all it was sent.
    pub(crate) async fn is_over(&self, session: &SessionId) -> Result<bool, PostgresError> {
        self.0.is_over(session).await
    }

    async fn write(
        &self,
        statement: fn(&Statements) -> &Statement,
        id: &str,
        input: &ItemInput,
    ) -> Result<Option<Row>, PostgresError> {
        let rows = self.0.run(statement, &input.parameters(&id)).await?;
        Ok(rows.first().map(row))
    }
}

impl service_kit::Statements for Statements {
    async fn prepare(client: &Client) -> Result<Self, Error> {
        const FIELDS: &str = "id, name, description, price::float8, \
            to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), \
            to_char(updated_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), \
            (extract(epoch FROM updated_at) * 1000000)::bigint";
        let select = format!("SELECT {FIELDS} FROM items WHERE id = $1");
        let insert = format!(
            "INSERT INTO items (id, name, description, price, created_at, updated_at) \
             VALUES ($1, $2, $3, $4::float8::numeric(10,2), localtimestamp, localtimestamp) \
             RETURNING {FIELDS}"
        );
        // Under the lock of the row: its versions grow, whatever the clock does.
        let update = format!(
            "UPDATE items SET name = $2, description = $3, price = $4::float8::numeric(10,2), \
             updated_at = greatest(localtimestamp, updated_at + interval '1 microsecond') \
             WHERE id = $1 RETURNING {FIELDS}"
        );
        let delete = format!("DELETE FROM items WHERE id = $1 RETURNING {FIELDS}");
        let select_all =
            format!("SELECT {FIELDS} FROM items ORDER BY created_at DESC, id LIMIT $1");
        let (select, insert, update, delete, select_all) = tokio::try_join!(
            client.prepare(&select),
            client.prepare(&insert),
            client.prepare(&update),
            client.prepare(&delete),
            client.prepare(&select_all),
        )?;
        Ok(Self {
            select,
            insert,
            update,
            delete,
            select_all,
        })
    }
}

fn row(row: &tokio_postgres::Row) -> Row {
    Row {
        item: Item {
            id: row.get(0),
            name: row.get(1),
            description: row.get(2),
            price: row.get(3),
            created_at: row.get(4),
            updated_at: row.get(5),
        },
        version: row.get(6),
    }
}
