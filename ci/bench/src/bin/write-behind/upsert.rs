//! What one would write first: one statement for so many rows.

use std::time::{Duration, Instant, SystemTime};

use labctl_bench::Failure;
use tokio_postgres::NoTls;
use write_behind_queue::Product;

const UPSERT: &str = "
INSERT INTO products (id, name, price, quantity, created_at, updated_at)
SELECT id, name, price::numeric(10,2), quantity, created_at, updated_at
FROM unnest($1::text[], $2::text[], $3::float8[], $4::int4[], $5::timestamptz[], $6::timestamptz[])
  AS row (id, name, price, quantity, created_at, updated_at)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price,
  quantity = excluded.quantity, updated_at = excluded.updated_at";

/// The time it takes to write `products`, so many at once.
pub(crate) async fn write(
    url: &str,
    products: &[Product],
    batch: usize,
) -> Result<Duration, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let upsert = client.prepare(UPSERT).await?;
    let started = Instant::now();
    for rows in products.chunks(batch) {
        let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        let prices: Vec<_> = rows.iter().map(|row| row.price).collect();
        let quantities: Vec<_> = rows.iter().map(|row| row.quantity).collect();
        let times = vec![SystemTime::now(); rows.len()];
        client
            .execute(
                &upsert,
                &[&ids, &names, &prices, &quantities, &times, &times],
            )
            .await?;
    }
    let took = started.elapsed();
    drop(client);
    driver.await??;
    Ok(took)
}
