//! Whole histories of the protocol, each played from a seed: a primary, two replicas and a client that reads, on a
//! network that delays, loses, repeats, reorders and parts, with nodes that die and come back empty.
//!
//! `SIMULATION_SEED=4711` plays one seed and prints what happened; `SIMULATION_SEEDS=100000` plays that many.

mod history;
mod network;
mod world;

use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};

use world::{Counts, World};

const SEEDS: u64 = 10_000;
/// Failing seeds that are shown.
const SHOWN: usize = 10;

#[test]
fn no_history_breaks_a_promise() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let counts = World::new(seed, true).play();
        println!("seed {seed}: {counts:?}");
        return;
    }
    let seeds = number("SIMULATION_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    // What a broken history says is said once, below, and not for each of thousands.
    panic::set_hook(Box::new(|_| ()));
    let (mut counts, mut failures) = (Counts::default(), Vec::new());
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| play_all(&next, seeds)))
            .collect();
        for worker in workers {
            let (found, failed) = worker.join().expect("a history's panic is caught");
            counts.add(&found);
            failures.extend(failed);
        }
    });
    let _ = panic::take_hook();
    failures.sort();
    for (seed, said) in failures.iter().take(SHOWN) {
        eprintln!("SIMULATION_SEED={seed}: {said}");
    }
    println!("{seeds} seeds: {counts:?}");
    assert!(
        failures.is_empty(),
        "{} of {seeds} histories broke a promise; play one again with SIMULATION_SEED=N",
        failures.len()
    );
    // Else it would prove nothing.
    if seeds >= SEEDS {
        counts.assert_all_happened();
    }
}

fn play_all(next: &AtomicU64, seeds: u64) -> (Counts, Vec<(u64, String)>) {
    let (mut counts, mut failures) = (Counts::default(), Vec::new());
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= seeds {
            return (counts, failures);
        }
        match panic::catch_unwind(|| World::new(seed, false).play()) {
            Ok(found) => counts.add(&found),
            Err(cause) => {
                let said = cause
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| cause.downcast_ref::<&str>().map(|said| (*said).to_owned()));
                failures.push((seed, said.unwrap_or_default()));
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how a seed is played again")]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
    )
}

#[test]
fn a_seed_is_always_the_same_history() {
    for seed in 0..20 {
        assert_eq!(
            World::new(seed, false).play(),
            World::new(seed, false).play()
        );
    }
}
