//! The key-value store over HTTP and a bare axum handler on the same log, side by side:
//! `cargo build --release -p kv-store -p labctl-bench && target/release/kv`. Needs `wrk` (Debian package).
//!
//! Both sync each write to the disk before its answer. The bare handler has no limits, no validation, no error texts and
//! no metrics. Turns are taken as in `products`. Then the store against itself: 100,000 keys in it, a checkpoint of them
//! always being written, against none. The argument `requests` or `checkpoints` measures that alone.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod bare;

use labctl_bench::{Failure, Load, Program, Server, ServerTurns, Turns, healthy_after_ms, machine};
use tempfile::TempDir;

const ROUNDS: usize = 11;
const KEYS: usize = 1000;
const MANY_KEYS: usize = 100_000;
const NEVER: u64 = 1_000_000_000;
/// What is asked of us: at least so much of the bare handler's requests per second.
const LOADS: [(&str, usize, f64); 6] = [
    ("POST", 1, 0.9),
    ("POST", 16, 0.9),
    ("POST", 64, 0.9),
    ("GET", 1, 0.8),
    ("GET", 16, 0.8),
    ("GET", 64, 0.8),
];

fn main() -> Result<(), Failure> {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("bare") {
        return bare::serve();
    }
    let is_asked = |part| argument.as_deref().is_none_or(|asked| asked == part);
    println!("{}", machine::until_idle()?);
    // On the disk that programs are built on: a temporary folder may be in memory.
    let target = std::env::current_exe()?;
    let target = target.parent().ok_or("no folder")?;
    let folders = [
        TempDir::new_in(target)?,
        TempDir::new_in(target)?,
        TempDir::new_in(target)?,
        TempDir::new_in(target)?,
    ];
    if is_asked("requests") {
        let ours = Program::beside("kv-store", &variables(&folders[0], NEVER))?;
        let [start] = healthy_after_ms([&ours])?;
        println!("start to healthy  {start:.1} ms with an empty log (asked: 15)");
        let servers = [
            ours.start()?,
            Program::bare(&variables(&folders[1], NEVER))?.start()?,
        ];
        beside_the_bare_one([&servers[0], &servers[1]])?;
        println!(
            "resident          {:.1} MB after load; bare {:.1} MB",
            servers[0].resident_mb()?,
            servers[1].resident_mb()?
        );
        drop(servers);
    }
    if is_asked("checkpoints") {
        let calm = Program::beside("kv-store", &variables(&folders[2], NEVER))?.start()?;
        let busy = Program::beside("kv-store", &variables(&folders[3], 100))?.start()?;
        with_checkpoints([&busy, &calm])?;
    }
    Ok(())
}

fn variables(folder: &TempDir, threshold: u64) -> [(&'static str, String); 3] {
    let place = |name| folder.path().join(name).display().to_string();
    [
        ("WAL_PATH", place("wal.log")),
        ("CHECKPOINT_PATH", place("checkpoint.json")),
        ("CHECKPOINT_THRESHOLD", threshold.to_string()),
    ]
}

fn beside_the_bare_one(servers: [&Server; 2]) -> Result<(), Failure> {
    println!("{}", ServerTurns::HEADING);
    for (method, clients, asked) in LOADS {
        let load = if method == "POST" {
            writes(0, KEYS)
        } else {
            let paths = (0..KEYS).map(|n| (format!("/kv/key-{n}"), String::new()));
            Load {
                method,
                requests: paths.collect(),
            }
        };
        let turns = ServerTurns::measure(ROUNDS, servers, |server| {
            Ok(load.run(server.address, clients, 1)?.rate)
        })?;
        println!("{}", turns.line(&format!("{method} {clients}"), asked));
    }
    Ok(())
}

fn writes(first: usize, count: usize) -> Load {
    let body = |n| format!(r#"{{"key":"key-{n}","value":{{"name":"User {n}","balance":{n}}}}}"#);
    let requests = (first..first + count).map(|n| ("/kv".to_owned(), body(n)));
    Load {
        method: "POST",
        requests: requests.collect(),
    }
}

/// The slowest of a hundred answers while checkpoints are written, by that without.
fn with_checkpoints(servers: [&Server; 2]) -> Result<(), Failure> {
    for server in servers {
        let mut first = 0;
        while first < MANY_KEYS {
            writes(first, MANY_KEYS / 10).run(server.address, 64, 2)?;
            let stats = server.get("/admin/stats")?;
            let count = stats.split("\"item_count\":").nth(1);
            let count = count.and_then(|rest| rest.split(',').next()?.parse().ok());
            first = count.ok_or("no item_count")?;
        }
    }
    let load = writes(0, KEYS);
    let p99 = Turns::measure(ROUNDS, 2, |way| {
        Ok(load.run(servers[way].address, 16, 1)?.p99_ms)
    })?;
    println!("p99 of POST at 16 clients, {MANY_KEYS} keys (ms)");
    println!("  a checkpoint always under way  {:.2}", p99.median(0));
    println!("  none                           {:.2}", p99.median(1));
    println!(
        "  ratio and quartiles {} (asked: at most 2)",
        p99.ratio(0, 1)
    );
    Ok(())
}
