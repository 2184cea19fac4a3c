//! The products in PostgreSQL: its statements. Each takes a bounded time; what a failure means is in its error.

use std::time::Duration;

use service_kit::{ItemInput, PoolSettings, PostgresError, PostgresPool, SessionId};
use tokio_postgres::{Client, Error, Row, Statement};

use crate::product::Product;

const POOL: PoolSettings<'_> = PoolSettings {
    name: "product-service",
    max_connections: 10,
    patience: Duration::from_secs(5),
};

/// A handle on the database; connects when it must.
#[derive(Debug)]
pub(crate) struct Database(PostgresPool<Statements>);

/// In order of [`Database`]'s methods.
#[derive(Debug)]
struct Statements {
    select: Statement,
    insert: Statement,
    update: Statement,
    reprice: Statement,
    delete: Statement,
    select_all: Statement,
}

impl Database {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// `url` is not one of PostgreSQL.
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        PostgresPool::open(url, POOL).map(Self)
    }

    /// Makes the first two connections, so that the first requests need not.
    pub(crate) async fn connect(&self) -> Result<(), PostgresError> {
        self.0.connect().await
    }

    pub(crate) async fn ping(&self) -> Result<(), PostgresError> {
        self.0.ping().await
    }

    pub(crate) async fn select(&self, id: &str) -> Result<Option<Product>, PostgresError> {
        let rows = self.0.read(|s| &s.select, &[&id]).await?;
        Ok(rows.first().map(product))
    }

    /// Newest first, those of one instant by id.
    pub(crate) async fn select_all(&self, limit: i64) -> Result<Vec<Product>, PostgresError> {
        let rows = self.0.read(|s| &s.select_all, &[&limit]).await?;
        Ok(rows.iter().map(product).collect())
    }

    pub(crate) async fn insert(
        &self,
        id: &str,
        input: &ItemInput,
    ) -> Result<Option<Product>, PostgresError> {
        self.write(|s| &s.insert, id, input).await
    }

    pub(crate) async fn update(
        &self,
        id: &str,
        input: &ItemInput,
    ) -> Result<Option<Product>, PostgresError> {
        self.write(|s| &s.update, id, input).await
    }

    /// Changes the price and nothing else.
    pub(crate) async fn reprice(
        &self,
        id: &str,
        price: f64,
    ) -> Result<Option<Product>, PostgresError> {
        let rows = self.0.run(|s| &s.reprice, &[&id, &price]).await?;
        Ok(rows.first().map(product))
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<Option<Product>, PostgresError> {
        let rows = self.0.run(|s| &s.delete, &[&id]).await?;
        Ok(rows.first().map(product))
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
    ) -> Result<Option<Product>, PostgresError> {
        let rows = self.0.run(statement, &input.parameters(&id)).await?;
        Ok(rows.first().map(product))
    }
}

impl service_kit::Statements for Statements {
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
        let (select, insert, update, reprice, delete, select_all) = tokio::try_join!(
            client.prepare(&select),
            client.prepare(&insert),
            client.prepare(&update),
            client.prepare(&reprice),
            client.prepare(&delete),
            client.prepare(&select_all),
        )?;
        Ok(Self {
            select,
            insert,
            update,
            reprice,
            delete,
            select_all,
        })
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
