//! The product service and a bare axum handler on the same stores, side by side:
//! `cargo build --release -p product-service -p labctl-bench && target/release/products`.
//! Needs `wrk`, `redis-server` and `postgresql` (Debian packages).
//!
//! The bare handler has no metrics, no logs, no validation and no guard against stale fills. The two take
//! turns, a second each; the figures are medians. PostgreSQL does not sync to disk, so that the handlers
//! are compared and not the disk.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod bare;
mod load;
mod server;

use std::error::Error;
use std::path::PathBuf;

use load::Load;
use server::Server;
use test_stores::{Postgres, Redis};

const ROUNDS: usize = 7;
const STARTS: usize = 9;
const TABLE: &str = "
CREATE TABLE products (
  id varchar(36) PRIMARY KEY, name varchar(255) NOT NULL, description text, price decimal(10,2) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_products_created_at ON products (created_at DESC);
INSERT INTO products VALUES ('prod-001', 'Wireless Mouse', 'Runs on one battery', 29.99);
";
/// What is asked of us: at least so much of the bare handler's requests per second.
const LOADS: [(Load, f64); 5] = [
    (Load::get(1), 0.8),
    (Load::get(16), 0.8),
    (Load::get(64), 0.8),
    (Load::post(16), 0.85),
    (Load::put(16), 0.85),
];

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return bare::serve();
    }
    let binary = service_binary()?;
    let redis = Redis::start();
    let postgres = Postgres::start(TABLE);
    let stores = [("REDIS_URL", redis.url()), ("POSTGRES_URL", postgres.url())];

    let starts =
        (0..STARTS).map(|_| Server::start(&binary, &[], &stores).map(|s| s.healthy_after_ms));
    let healthy_ms = median(&mut starts.collect::<Result<Vec<_>, _>>()?);
    let ours = Server::start(&binary, &[], &stores)?;
    let bare = Server::start(&std::env::current_exe()?, &["bare"], &stores)?;
    // Fills the cache for both: the entries are the same.
    ours.get("/products/prod-001")?;

    println!(
        "{:<10} {:>10} {:>10} {:>7} {:>7}   spread of ours, bare",
        "load", "ours/s", "bare/s", "ratio", "asked"
    );
    for (load, asked) in LOADS {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (server, rates) in [&ours, &bare].into_iter().zip(&mut rates) {
                if load.reads_cache() {
                    ours.get("/products/prod-001")?;
                }
                rates.push(load.run(server.address)?);
            }
        }
        let [ours, bare] = rates.each_mut().map(|rates| (median(rates), spread(rates)));
        println!(
            "{:<10} {:>10.0} {:>10.0} {:>7.2} {asked:>7.2}   ±{:.0} % ±{:.0} %",
            load.to_string(),
            ours.0,
            bare.0,
            ours.0 / bare.0,
            ours.1,
            bare.1
        );
    }
    let size_bytes = std::fs::metadata(&binary)?.len();
    println!("start to healthy  {healthy_ms:.1} ms (asked: 15)");
    println!(
        "resident          {:.1} MB after load (asked: 15); bare {:.1} MB",
        ours.resident_mb()?,
        bare.resident_mb()?
    );
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let size_mb = size_bytes as f64 / 1e6;
    println!("binary            {size_mb:.1} MB");
    Ok(())
}

/// The service, built beside this program.
fn service_binary() -> Result<PathBuf, Box<dyn Error>> {
    let binary = std::env::current_exe()?.with_file_name("product-service");
    if !binary.is_file() {
        let command = "cargo build --release -p product-service -p labctl-bench";
        return Err(format!("no {}: build it with `{command}`", binary.display()).into());
    }
    Ok(binary)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Half the distance between the extremes, in per cent of the median; `values` are sorted.
fn spread(values: &[f64]) -> f64 {
    (values[values.len() - 1] - values[0]) / 2.0 / values[values.len() / 2] * 100.0
}
