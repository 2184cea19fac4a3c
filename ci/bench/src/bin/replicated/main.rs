//! The replicated store and a bare axum handler with a map, side by side:
//! `cargo build --release -p replicated-store -p labctl-bench && target/release/replicated`. Needs `wrk` (Debian
//! package).
//!
//! A replica is read and the primary is written to, with two replicas that it sends its state to. The bare handler has
//! no replicas, no metrics, no logs and no validation. Turns are taken as in `products`. Then a minute of writes: how
//! much memory the primary takes, and how late they arrive. The argument `requests` or `minute` measures that alone.

#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

mod bare;
mod lateness;

use std::time::{Duration, Instant};

use labctl_bench::{Failure, Load, Program, Server, ServerTurns, healthy_after_ms, machine};
use lateness::Lateness;

const ROUNDS: usize = 11;
/// Keys in the store while requests are measured; each read answers with all.
const FEW_KEYS: usize = 10;
/// Keys in the minute.
const MANY_KEYS: usize = 1000;
const MINUTE: Duration = Duration::from_mins(1);
/// Of the two replicas, as in the lab.
const DELAYS: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];
/// Between two looks at the replicas.
const GLANCE: Duration = Duration::from_millis(3);
const CLIENTS: [usize; 2] = [16, 64];
/// What is asked of us: at least so much of the bare handler's requests per second.
const ASKED: f64 = 0.8;

/// A primary and the replicas it sends to.
struct Cluster {
    primary: Server,
    replicas: [Server; 2],
}

impl Cluster {
    fn start() -> Result<Self, Failure> {
        let replicas = [replica("replica1")?.start()?, replica("replica2")?.start()?];
        let primary = primary(&replicas)?.start()?;
        Ok(Self { primary, replicas })
    }
}

fn main() -> Result<(), Failure> {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("bare") {
        return labctl_bench::bare::serve(async { Ok(bare::app()) });
    }
    let is_asked = |part| argument.as_deref().is_none_or(|asked| asked == part);
    println!("{}", machine::until_idle()?);
    if is_asked("requests") {
        starts()?;
        requests()?;
    }
    if is_asked("minute") {
        minute()?;
    }
    Ok(())
}

fn program(role: &str, mut variables: Vec<(&'static str, String)>) -> Result<Program, Failure> {
    variables.push(("ROLE", role.to_owned()));
    Program::beside("replicated-store", &variables)
}

fn replica(id: &str) -> Result<Program, Failure> {
    program("replica", vec![("REPLICA_ID", id.to_owned())])
}

fn primary(replicas: &[Server; 2]) -> Result<Program, Failure> {
    let [first, second] = DELAYS.map(|delay| delay.as_millis().to_string());
    let delays = [("REPLICA1_DELAY_MS", first), ("REPLICA2_DELAY_MS", second)];
    let mut variables = delays.to_vec();
    variables.push(("REPLICA_URLS", urls(replicas)));
    program("primary", variables)
}

fn client(cluster: &Cluster) -> Result<Program, Failure> {
    let variables = vec![
        ("PRIMARY_URL", format!("http://{}", cluster.primary.address)),
        ("REPLICA_URLS", urls(&cluster.replicas)),
    ];
    program("client", variables)
}

fn urls(replicas: &[Server; 2]) -> String {
    let urls = replicas.each_ref().map(|r| format!("http://{}", r.address));
    urls.join(",")
}

fn starts() -> Result<(), Failure> {
    let cluster = Cluster::start()?;
    let programs = [
        primary(&cluster.replicas)?,
        replica("replica1")?,
        client(&cluster)?,
    ];
    let times = healthy_after_ms(programs.each_ref())?;
    for (role, time) in ["primary", "replica", "client"].into_iter().zip(times) {
        println!("start to healthy  {time:.1} ms, {role} (asked: 15)");
    }
    Ok(())
}

fn requests() -> Result<(), Failure> {
    let cluster = Cluster::start()?;
    let [replica, _] = &cluster.replicas;
    let bare = Program::bare(&[])?.start()?;
    println!("{}", ServerTurns::HEADING);
    // The writes come first: they are what is read.
    for method in ["POST", "GET"] {
        let (ours, load) = if method == "POST" {
            (&cluster.primary, writes(FEW_KEYS))
        } else {
            let requests = vec![("/data".to_owned(), String::new())];
            (replica, Load { method, requests })
        };
        for clients in CLIENTS {
            let turns = ServerTurns::measure(ROUNDS, [ours, &bare], |server| {
                Ok(load.run(server.address, clients, 1)?.rate)
            })?;
            println!("{}", turns.line(&format!("{method} {clients}"), ASKED));
        }
    }
    println!(
        "resident          replica {:.1} MB after load (asked: 15), primary {:.1} MB; bare {:.1} MB",
        replica.resident_mb()?,
        cluster.primary.resident_mb()?,
        bare.resident_mb()?
    );
    Ok(())
}

fn writes(keys: usize) -> Load {
    let body = |n| format!(r#"{{"key":"key-{n}","value":{{"name":"User {n}","balance":{n}}}}}"#);
    Load {
        method: "POST",
        requests: (0..keys).map(|n| ("/data".to_owned(), body(n))).collect(),
    }
}

fn minute() -> Result<(), Failure> {
    let Cluster { primary, replicas } = Cluster::start()?;
    let started = Instant::now();
    let mut late = DELAYS.map(Lateness::behind);
    let seconds = usize::try_from(MINUTE.as_secs())?;
    let load = writes(MANY_KEYS);
    let rate = std::thread::scope(|scope| {
        let writing = scope.spawn(|| load.run(primary.address, 16, seconds));
        while started.elapsed() < MINUTE {
            for (replica, late) in replicas.iter().zip(&mut late) {
                late.look(replica)?;
            }
            std::thread::park_timeout(GLANCE);
        }
        Ok::<_, Failure>(writing.join().map_err(|_| "the writers panicked")??.rate)
    })?;
    println!("16 writers of {MANY_KEYS} keys for a minute: {rate:.0} writes per second");
    println!(
        "primary           {:.1} MB at most (asked: 64)",
        primary.most_resident_mb()?
    );
    for (late, replica) in late.into_iter().zip(&replicas) {
        println!("{late}; {:.1} MB", replica.resident_mb()?);
    }
    Ok(())
}
