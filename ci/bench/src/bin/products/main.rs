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

use labctl_bench::{Failure, Load, Program, ServerTurns, healthy_after_ms, machine};
use test_stores::{Postgres, Redis};

const ROUNDS: usize = 11;
const TABLE: &str = "
CREATE TABLE products (
  id varchar(36) PRIMARY KEY, name varchar(255) NOT NULL, description text, price decimal(10,2) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_products_created_at ON products (created_at DESC);
INSERT INTO products VALUES ('prod-001', 'Wireless Mouse', 'Runs on one battery', 29.99);
";
const BODY: &str = r#"{"name":"Mechanical Keyboard Pro","description":"Updated!","price":199.99}"#;
/// What is asked of us: at least so much of the bare handler's requests per second.
const LOADS: [(&str, &str, usize, f64); 5] = [
    ("GET", "/products/prod-001", 1, 0.8),
    ("GET", "/products/prod-001", 16, 0.8),
    ("GET", "/products/prod-001", 64, 0.8),
    ("POST", "/products", 16, 0.85),
    ("PUT", "/products/prod-001", 16, 0.85),
];

fn main() -> Result<(), Failure> {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return labctl_bench::bare::serve(bare::app());
    }
    let redis = Redis::start();
    let postgres = Postgres::start(TABLE);
    let variables = [
        ("REDIS_URL", redis.url()),
        ("POSTGRES_URL", postgres.url()),
        // What is cached stays so: the bare handler cannot fill.
        ("CACHE_TTL_SECONDS", "3600".to_owned()),
    ];

    let programs = [
        Program::beside("product-service", &variables)?,
        Program::bare(&variables)?,
    ];
    println!("{}", machine::until_idle()?);
    let [our_start, bare_start] = healthy_after_ms([&programs[0], &programs[1]])?;
    let (ours, bare) = (programs[0].start()?, programs[1].start()?);

    println!("{}", ServerTurns::HEADING);
    for (method, path, clients, asked) in LOADS {
        let reads_cache = method == "GET";
        let body = if reads_cache { "" } else { BODY };
        let load = Load {
            method,
            requests: vec![(path.to_owned(), body.to_owned())],
        };
        let turns = ServerTurns::measure(ROUNDS, [&ours, &bare], |server| {
            if reads_cache {
                // Fills the cache for both: the entries are the same.
                ours.get(path)?;
            }
            Ok(load.run(server.address, clients, 1)?.rate)
        })?;
        println!("{}", turns.line(&format!("{method} {clients}"), asked));
    }
    let size_bytes = std::fs::metadata(programs[0].binary())?.len();
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
