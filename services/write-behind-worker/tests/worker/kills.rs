//! `kill -9` of the worker at every step of its way, and what the next one makes of it.

use std::time::Duration;

use redis::Commands as _;
use test_service::{Running, until};
use write_behind_queue::{DEAD_LETTERS, PENDING};

use crate::lab::{Lab, WINDOW, is_drained, worker_at};
use crate::proxy::Steps;

/// One look at the queue finds it all; the next one never comes.
const ONCE: (&str, &str) = ("FLUSH_INTERVAL_MS", "3600000");

async fn fill(lab: &Lab) {
    lab.insert("b", "b1").await;
    lab.update("a", "a1", WINDOW).await;
    lab.update("a", "a2", WINDOW).await;
    lab.push("no entry");
    lab.delete("c").await;
    lab.update("b", "b2", None).await;
}

/// The same end, whatever was killed on the way to it.
fn check(lab: &Lab, step: usize) {
    assert_eq!(lab.rows(), "a=a2 b=b2", "killed at step {step}");
    let letters = lab.list(DEAD_LETTERS);
    assert_eq!(letters.len(), 1, "killed at step {step}: {letters:?}");
    let mut raw = lab.raw();
    let pending: u64 = raw.hlen(PENDING).unwrap();
    assert_eq!(pending, 0, "killed at step {step}");
    for key in [
        "cache:product:a",
        "cache:product:b",
        "write_behind:deleted:c",
    ] {
        let seconds: i64 = raw.ttl(key).unwrap();
        assert!(
            seconds > 0,
            "killed at step {step}: {key} stays for {seconds}"
        );
    }
}

fn reset(lab: &Lab) {
    let () = redis::cmd("FLUSHALL").query(&mut lab.raw()).unwrap();
    lab.sql(
        "DELETE FROM products; INSERT INTO products VALUES ('a', 'a0', 1, 1), ('c', 'c0', 1, 1)",
    );
}

fn worker_by(steps: &Steps, lab: &Lab, variables: &[(&str, &str)]) -> Running {
    let (redis, postgres) = (steps.to(&lab.redis.url()), steps.to(&lab.postgres.url()));
    worker_at(&redis, &postgres, variables)
}

/// Kills at each step until one run is through without a kill; gives how many there were.
async fn kill_at_every_step(variables: &[(&str, &str)]) -> usize {
    let lab = Lab::start();
    let mut raw = lab.raw();
    for step in 0.. {
        reset(&lab);
        fill(&lab).await;
        let steps = Steps::at_most(step);
        let mut worker = worker_by(&steps, &lab, variables);
        until(async || steps.is_reached() || is_drained(&mut raw)).await;
        // The answer to the last command may be on its way still.
        steps.wait(Duration::from_millis(200));
        worker.kill();
        steps.cut();
        let next = lab.worker(&[]);
        lab.until_drained().await;
        check(&lab, step);
        drop(next);
        if !steps.is_reached() {
            return step;
        }
    }
    unreachable!("steps never end")
}

#[tokio::test]
async fn kill_9_at_every_step_of_a_batch_loses_nothing_and_doubles_nothing() {
    let steps = kill_at_every_step(&[ONCE]).await;
    assert!(steps > 20, "{steps}");
}

/// Here each batch is settled, and the next one claimed, while one is written.
#[tokio::test]
async fn kill_9_at_every_step_of_batch_after_batch_loses_nothing_and_doubles_nothing() {
    let steps = kill_at_every_step(&[ONCE, ("BATCH_SIZE", "2")]).await;
    assert!(steps > 30, "{steps}");
}

/// Here a refused entry makes the worker go on one by one.
#[tokio::test]
async fn kill_9_at_every_step_of_one_write_after_the_other_loses_nothing_and_doubles_nothing() {
    // A rate of 0 simulates nothing, and still takes them one by one.
    let one_by_one = [ONCE, ("SIMULATE_DB_FAILURE", "true"), ("FAILURE_RATE", "0")];
    let steps = kill_at_every_step(&one_by_one).await;
    assert!(steps > 30, "{steps}");
}
