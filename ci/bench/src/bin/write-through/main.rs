//! The write-through service and a bare axum handler on the same stores, side by side:
//! `cargo build --release -p write-through-service -p labctl-bench && target/release/write-through`.
//! Needs `wrk`, `redis-server` and `postgresql` (Debian packages).
//!
//! Both insert the row, then set the copy, then answer. The bare handler has no metrics, no logs, no validation and no
//! guard against older copies. Turns are taken as in `products`.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod bare;

use labctl_bench::{Failure, Load, Program, ServerTurns, healthy_after_ms, machine};
use test_stores::{Postgres, Redis};

const ROUNDS: usize = 11;
const TABLE: &str = include_str!("../../../../../compose/03-write-through/init.sql");
const BODY: &str =
    r#"{"name":"Demo Widget","description":"Created from the runbook","price":42.99}"#;
/// Clients, and what is asked of us: at least so much of the bare handler's requests per second.
const LOADS: [(usize, f64); 3] = [(1, 0.85), (16, 0.85), (64, 0.85)];

fn main() -> Result<(), Failure> {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return labctl_bench::bare::serve(bare::app());
    }
    let redis = Redis::start();
    let postgres = Postgres::start(TABLE);
    let variables = [("REDIS_URL", redis.url()), ("POSTGRES_URL", postgres.url())];
    let programs = [
        Program::beside("write-through-service", &variables)?,
        Program::bare(&variables)?,
    ];
    println!("{}", machine::until_idle()?);
    let [our_start, bare_start] = healthy_after_ms([&programs[0], &programs[1]])?;
    let (ours, bare) = (programs[0].start()?, programs[1].start()?);

    println!("{}", ServerTurns::HEADING);
    let load = Load {
        method: "POST",
        requests: vec![("/items".to_owned(), BODY.to_owned())],
    };
    for (clients, asked) in LOADS {
        let turns = ServerTurns::measure(ROUNDS, [&ours, &bare], |server| {
            // Every turn on tables of the same size.
            postgres.psql("TRUNCATE items");
            Ok(load.run(server.address, clients, 1)?.rate)
        })?;
        println!("{}", turns.line(&format!("POST {clients}"), asked));
    }
    println!("start to healthy  {our_start:.1} ms (asked: 15); bare {bare_start:.1} ms");
    println!(
        "resident          {:.1} MB after load (asked: 15); bare {:.1} MB",
        ours.resident_mb()?,
        bare.resident_mb()?
    );
    Ok(())
}
