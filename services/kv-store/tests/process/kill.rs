//! `kill -9` under load: whatever was acknowledged is there afterwards.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use test_service::PATIENCE;

use crate::client::Client;
use crate::history::History;
use crate::server::Server;

/// How often to kill: `KV_STORE_KILLS=200 cargo nextest run -p kv-store --test process kill`.
const ROUNDS_VARIABLE: &str = "KV_STORE_KILLS";
const ROUNDS: u64 = 5;
const WRITERS: usize = 8;
/// Small, so that kills meet checkpoints as well.
const THRESHOLD: (&str, &str) = ("CHECKPOINT_THRESHOLD", "25");

#[test]
fn every_acknowledged_write_survives_kill_9() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    survives(seed, THRESHOLD);
}

/// The operating system has what it was given, even when nothing is synced.
#[test]
fn every_acknowledged_write_survives_kill_9_without_sync() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    survives(seed, ("FSYNC_ENABLED", "false"));
}

fn survives(seed: u64, variable: (&str, &str)) {
    let folder = tempfile::tempdir().unwrap();
    let variables = [variable, ("LOG_LEVEL", "error")];
    let mut random = fastrand::Rng::with_seed(seed);
    let mut histories: Vec<_> = (0..WRITERS)
        .map(|writer| History::new(writer, seed))
        .collect();
    let mut sequence = 0;
    for round in 0..rounds() {
        let mut server = Server::start(folder.path(), &variables);
        let target = random.u64(1..1500);
        let logged = load_until(&mut server, &mut histories, target);
        assert!(logged >= target);
        let server = Server::start(folder.path(), &variables);
        let mut client = server.client();
        let (mut keys, mut done) = (0, 0);
        for history in &mut histories {
            let verified = history.verify(&mut client);
            keys += verified.keys;
            done += verified.done;
        }
        let now = server.stat("wal_sequence");
        // A write that was not answered may be in the log and change nothing: a value set again.
        let unanswered = WRITERS as u64;
        let known = sequence + logged + done;
        assert!(
            (known..=sequence + logged + unanswered).contains(&now),
            "round {round}: {known} {now}"
        );
        sequence = now;
        assert_eq!(server.stat("item_count"), keys as u64, "round {round}");
        assert_eq!(server.stat("lost_entries"), 0, "round {round}");
        let (_, listing) = client.get("/kv").unwrap();
        assert!(
            listing.ends_with(&format!(r#","count":{keys}}}"#)),
            "round {round}"
        );
    }
}

/// Lets all write at once, and kills the service when so many writes have been acknowledged; gives how many were.
fn load_until(server: &mut Server, histories: &mut [History], target: u64) -> u64 {
    let logged = AtomicU64::new(0);
    let address = server.address();
    std::thread::scope(|scope| {
        for history in histories {
            let logged = &logged;
            scope.spawn(move || {
                let mut client = Client::connect(address).unwrap();
                // Ends when the service does.
                while let Ok(is_logged) = history.step(&mut client) {
                    logged.fetch_add(u64::from(is_logged), Ordering::Relaxed);
                }
            });
        }
        let deadline = Instant::now() + PATIENCE;
        while logged.load(Ordering::Relaxed) < target {
            assert!(
                Instant::now() < deadline,
                "too few writes were acknowledged"
            );
            std::thread::yield_now();
        }
        server.kill();
    });
    logged.into_inner()
}

fn rounds() -> u64 {
    std::env::var_os(ROUNDS_VARIABLE)
        .map_or(ROUNDS, |rounds| rounds.to_str().unwrap().parse().unwrap())
}
