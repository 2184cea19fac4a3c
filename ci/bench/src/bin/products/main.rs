//! The product service and a bare axum handler on the same stores, side by side:
//! `cargo build --release -p product-service -p labctl-bench && target/release/products`.
//! Needs `wrk`, `redis-server` and `postgresql` (Debian packages).
//!
//! The bare handler has no metrics, no logs, no validation and no guard against stale fills. The two take
//! turns, a second each, now one first and now the other. Whatever else the machine does hits both of a pair
//! alike, so the ratio is the median of the pairs' ratios; a first pair warms up and does not count. Processor
//! time per request tells the two apart even where the rates do not. PostgreSQL does not sync to disk, so that
//! the handlers are compared and not the disk.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod bare;
mod load;
mod pairs;
mod server;

use std::error::Error;
use std::path::PathBuf;

use load::Load;
use pairs::{Pairs, median};
use server::Server;
use test_stores::{Postgres, Redis};

const PAIRS: usize = 11;
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

    let ours = || Server::start(&binary, &[], &stores);
    let this = std::env::current_exe()?;
    let bare = || Server::start(&this, &["bare"], &stores);
    let mut starts = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        starts[0].push(ours()?.healthy_after_ms);
        starts[1].push(bare()?.healthy_after_ms);
    }
    let (ours, bare) = (ours()?, bare()?);

    println!(
        "{:<8} {:>7} {:>7} {:>6} {:>11} {:>6}   processor µs a request",
        "load", "ours/s", "bare/s", "ratio", "quartiles", "asked"
    );
    for (load, asked) in LOADS {
        let pairs = Pairs::measure(PAIRS, [&ours, &bare], |server| {
            if load.reads_cache() {
                // Fills the cache for both: the entries are the same.
                ours.get("/products/prod-001")?;
            }
            load.run(server.address)
        })?;
        println!(
            "{:<8} {pairs} {asked:>6.2}   {}",
            load.to_string(),
            pairs.processor()
        );
    }
    let size_bytes = std::fs::metadata(&binary)?.len();
    let [our_start, bare_start] = starts.map(median);
    println!("start to healthy  {our_start:.1} ms (asked: 15); bare {bare_start:.1} ms");
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
