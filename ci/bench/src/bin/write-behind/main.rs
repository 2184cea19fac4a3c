//! Write-behind, both ends of its queue beside something bare, on the same stores:
//! `cargo build --release -p write-behind-api -p write-behind-worker -p labctl-bench && target/release/write-behind`.
//! Needs `wrk`, `redis-server` and `postgresql` (Debian packages).
//!
//! The API against an axum handler that changes the same keys in one transaction of Redis: it has no metrics, no logs,
//! no validation, and it joins no updates. The worker against a loop that writes as many rows with each statement and
//! asks no queue. Turns are taken as in `products`. The argument `acknowledge` or `drain` measures that alone.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod acknowledge;
mod bare;
mod drain;
mod upsert;

use labctl_bench::{Failure, machine};
use test_stores::{Postgres, Redis};

const TABLE: &str = include_str!("../../../../../compose/42-write-behind/init.sql");

/// The stores of the lab.
struct Stores {
    redis: Redis,
    postgres: Postgres,
}

impl Stores {
    /// Where they are, for whoever is started.
    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("REDIS_URL", self.redis.url()),
            ("DATABASE_URL", self.postgres.url()),
        ]
    }

    fn redis(&self) -> Result<redis::Connection, Failure> {
        Ok(redis::Client::open(self.redis.url())?.get_connection()?)
    }
}

fn main() -> Result<(), Failure> {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("bare") {
        return labctl_bench::bare::serve(bare::app());
    }
    let is_asked = |part| argument.as_deref().is_none_or(|asked| asked == part);
    let stores = Stores {
        redis: Redis::start(),
        postgres: Postgres::start(TABLE),
    };
    println!("{}", machine::until_idle()?);
    if is_asked("acknowledge") {
        acknowledge::measure(&stores)?;
    }
    if is_asked("drain") {
        drain::measure(&stores)?;
    }
    Ok(())
}
