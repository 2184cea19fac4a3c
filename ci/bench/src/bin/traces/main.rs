//! What traces cost each service's most frequent request: with a collector that is sent one trace in a hundred, or all,
//! beside the same service without one:
//! `cargo build --release -p product-service -p write-through-service -p replicated-store -p kv-store
//! -p write-behind-api -p labctl-bench && target/release/traces`.
//! Needs `wrk`, `redis-server` and `postgresql` (Debian packages).
//!
//! The collector is labctl's receiver, in this process, on the same processors: the rate says what a small machine has
//! left, the processor time what the service itself pays. Turns are taken as in `products`;
//! what is bare there is here the service without a collector.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

use std::net::Ipv4Addr;

use labctl_bench::{Failure, Load, Program, Server, ServerTurns, machine};
use labctl_engine::TraceReceiver;
use test_stores::{Postgres, Redis};

const ROUNDS: usize = 9;
const CLIENTS: usize = 16;
const TABLES: &str = concat!(
    include_str!("../../../../../compose/03-write-through/init.sql"),
    "CREATE TABLE IF NOT EXISTS products (id varchar(36) PRIMARY KEY, name varchar(255) NOT NULL, description text,
       price decimal(10,2) NOT NULL, quantity integer NOT NULL DEFAULT 0,
       created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);
     INSERT INTO products VALUES ('seed-001', 'Widget', NULL, 29.99);",
);
/// One trace in a hundred, all of them, and what is asked: at least so much of the rate without traces.
const SHARES: [(&str, f64); 2] = [("0.01", 0.95), ("1", 0.0)];

/// A service, its own variables, and a request that it answers from what is nearest.
type Service = (&'static str, Vec<(&'static str, String)>, &'static str);

fn main() -> Result<(), Failure> {
    let (redis, postgres) = (Redis::start(), Postgres::start(TABLES));
    let folder = tempfile::tempdir()?;
    let log = |name: &str| folder.path().join(name).display().to_string();
    let stores = vec![
        ("REDIS_URL", redis.url()),
        ("POSTGRES_URL", postgres.url()),
        ("DATABASE_URL", postgres.url()),
    ];
    let services: [Service; 5] = [
        (
            "write-through-service",
            stores.clone(),
            "/items/550e8400-e29b-41d4-a716-446655440001",
        ),
        ("product-service", stores.clone(), "/products/seed-001"),
        (
            "replicated-store",
            vec![
                ("ROLE", "replica".to_owned()),
                ("REPLICA_ID", "replica1".to_owned()),
            ],
            "/data",
        ),
        (
            "kv-store",
            vec![
                ("WAL_ENABLED", "false".to_owned()),
                ("WAL_PATH", log("wal.log")),
                ("CHECKPOINT_PATH", log("checkpoint.json")),
            ],
            "/kv",
        ),
        ("write-behind-api", stores, "/products/seed-001"),
    ];
    let runtime = tokio::runtime::Runtime::new()?;
    let receiver =
        runtime.block_on(async { TraceReceiver::listen((Ipv4Addr::LOCALHOST).into(), None) })?;
    println!("{}", machine::until_idle()?);
    println!("{}", ServerTurns::HEADING);
    for (name, variables, path) in services {
        let without = Program::beside(name, &variables)?.start()?;
        for (share, asked) in SHARES {
            let told = receiver.variables("127.0.0.1");
            let told = |variable: &str| told[variable].clone();
            let endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
            let headers = "OTEL_EXPORTER_OTLP_HEADERS";
            let mut traced = variables.clone();
            traced.extend([
                (endpoint, told(endpoint)),
                (headers, told(headers)),
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio".to_owned()),
                ("OTEL_TRACES_SAMPLER_ARG", share.to_owned()),
            ]);
            let with = Program::beside(name, &traced)?.start()?;
            let load = Load {
                method: "GET",
                requests: vec![(path.to_owned(), String::new())],
            };
            let rate = |server: &Server| {
                server.get(path)?;
                Ok(load.run(server.address, CLIENTS, 1)?.rate)
            };
            let turns = ServerTurns::measure(ROUNDS, [&with, &without], rate)?;
            println!("{name} {share}\n{}", turns.line("", asked));
        }
    }
    Ok(())
}
