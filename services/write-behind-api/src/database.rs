//! The products in PostgreSQL: statements that take a bounded time; what a failure means is in its error.

use std::time::Duration;

use service_kit::{PoolSettings, PostgresError, PostgresPool};
use tokio_postgres::{Client, Error, Row, Statement};
use write_behind_queue::Product;

use crate::product::ProductInput;

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
}

impl Database {
    /// Nothing is connected yet. A statement waits `patience` for a connection to be free.
    ///
    /// # Errors
    /// `url` is not one of PostgreSQL.
    pub(crate) fn open(url: &str, patience: Duration) -> Result<Self, Error> {
        let settings = PoolSettings {
            name: "write-behind-api",
            max_connections: MAX_CONNECTIONS,
            patience,
        };
        PostgresPool::open(url, settings).map(Self)
    }

    /// Makes the first two connections, so that the first requests need not.
    pub(crate) async fn connect(&self) -> Result<(), PostgresError> {
        self.0.connect().await
    }

    pub(crate) async fn select(&self, id: &str) -> Result<Option<Product>, PostgresError> {
        let rows = self.0.read(|s| &s.select, &[&id]).await?;
        Ok(rows.first().map(product))
    }

    pub(crate) async fn insert(
        &self,
        id: &str,
        input: &ProductInput,
    ) -> Result<Option<Product>, PostgresError> {
        self.write(|s| &s.insert, id, input).await
    }

    pub(crate) async fn update(
        &self,
        id: &str,
        input: &ProductInput,
    ) -> Result<Option<Product>, PostgresError> {
        self.write(|s| &s.update, id, input).await
    }

    /// Says whether it was there.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, PostgresError> {
        let rows = self.0.run(|s| &s.delete, &[&id]).await?;
        Ok(!rows.is_empty())
    }

    async fn write(
        &self,
        statement: fn(&Statements) -> &Statement,
        id: &str,
        input: &ProductInput,
    ) -> Result<Option<Product>, PostgresError> {
        let ProductInput {
            name,
            price,
            quantity,
        } = input;
        let rows = self.0.run(statement, &[&id, name, price, quantity]).await?;
        Ok(rows.first().map(product))
    }
}

impl service_kit::Statements for Statements {
    async fn prepare(client: &Client) -> Result<Self, Error> {
        const FIELDS: &str = "id, name, price::float8, quantity, \
            to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"'), \
            to_char(updated_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')";
        let select = format!("SELECT {FIELDS} FROM products WHERE id = $1");
        let insert = format!(
            "INSERT INTO products (id, name, price, quantity, created_at, updated_at) \
             VALUES ($1, $2, $3::float8::numeric(10,2), $4, now(), now()) RETURNING {FIELDS}"
        );
        // Under the lock of the row: its times grow, whatever the clock does.
        let update = format!(
            "UPDATE products SET name = $2, price = $3::float8::numeric(10,2), quantity = $4, \
             updated_at = greatest(now(), updated_at + interval '1 microsecond') \
             WHERE id = $1 RETURNING {FIELDS}"
        );
        let delete = "DELETE FROM products WHERE id = $1 RETURNING id";
        let (select, insert, update, delete) = tokio::try_join!(
            client.prepare(&select),
            client.prepare(&insert),
            client.prepare(&update),
            client.prepare(delete),
        )?;
        Ok(Self {
            select,
            insert,
            update,
            delete,
        })
    }
}

fn product(row: &Row) -> Product {
    Product {
        id: row.get(0),
        name: row.get(1),
        price: row.get(2),
        quantity: row.get(3),
        created_at: row.get(4),
        updated_at: row.get(5),
    }
}
