//! What a worker does on a good day.

use redis::Commands as _;
use test_service::until;
use write_behind_queue::DEAD_LETTERS;

use crate::lab::{Lab, WINDOW, counts, metric};

#[tokio::test]
async fn what_waits_is_written_counted_and_gone() {
    let lab = Lab::start();
    for name in ["a1", "a2", "a3"] {
        lab.update("a", name, WINDOW).await;
    }
    lab.insert("b", "b1").await;
    lab.delete("c").await;
    let worker = lab.worker(&[]);
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a3 b=b1");
    assert_eq!(lab.history("a"), "a3", "written once");
    assert!(lab.list(DEAD_LETTERS).is_empty());

    let mut raw = lab.raw();
    for id in ["a", "b"] {
        let seconds: i64 = raw.ttl(format!("cache:product:{id}")).unwrap();
        assert!((3500..=3600).contains(&seconds), "{id} for {seconds} s");
    }
    let seconds: i64 = raw.ttl("write_behind:deleted:c").unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");

    let written = |operation| {
        format!(
            r#"worker_writes_processed_total{{service="worker",operation="{operation}",status="success"}}"#
        )
    };
    let coalesced = r#"worker_coalesced_writes_processed_total{service="worker"}"#;
    // An entry is counted once Redis has said that it is gone.
    until(async || metric(&worker, coalesced) > 0.5).await;
    for operation in ["insert", "update", "delete"] {
        counts(&worker, &written(operation), 1);
        let timed = format!(
            r#"worker_write_duration_seconds_count{{service="worker",operation="{operation}"}}"#
        );
        counts(&worker, &timed, 1);
    }
    counts(&worker, coalesced, 1);
    counts(&worker, r#"worker_batch_size_count{service="worker"}"#, 1);
    counts(&worker, r#"worker_batch_size_sum{service="worker"}"#, 3);
    counts(&worker, r#"worker_retries_total{service="worker"}"#, 0);
    let (_, log) = worker.terminate();
    for fact in [
        "batch writes=3",
        r#"coalesced updates written as one id="a" coalesced_count=3"#,
    ] {
        assert!(log.contains(fact), "no `{fact}` in\n{log}");
    }
}

/// One after the other if a batch is one entry, and the last of each batch otherwise.
#[tokio::test]
async fn a_products_writes_are_done_in_the_order_of_the_queue() {
    let names: Vec<_> = (0..40).map(|i| format!("n{i:02}")).collect();
    for batch_size in ["1", "7", "100"] {
        let lab = Lab::start();
        for name in &names {
            lab.update("a", name, None).await;
        }
        lab.delete("c").await;
        let _worker = lab.worker(&[("BATCH_SIZE", batch_size)]);
        lab.until_drained().await;
        assert_eq!(lab.rows(), "a=n39", "{batch_size}");
        let history = lab.history("a");
        let states: Vec<_> = history.split(' ').collect();
        assert!(states.is_sorted(), "{states:?}");
        if batch_size == "1" {
            assert_eq!(states, names);
        }
    }
}

/// The queue can be looked at for as long as the interval is, and a full batch is followed by the next at once.
#[tokio::test]
async fn the_queue_is_looked_at_on_an_interval_and_full_batches_do_not_wait() {
    let lab = Lab::start();
    let worker = lab.worker(&[("FLUSH_INTERVAL_MS", "3600000"), ("BATCH_SIZE", "2")]);
    let mut worker = worker;
    worker.until_logged(r#"connected store="redis""#);
    let mut raw = lab.raw();
    // The first look at an empty queue has no trace in Redis but the command itself.
    until(async || calls_of_scripts(&mut raw) >= 2).await;
    lab.update("a", "a1", WINDOW).await;
    assert_eq!(lab.waiting(), ["a1"]);
    let size = r#"worker_queue_size{service="worker"}"#;
    counts(&worker, size, 1);
    drop(worker);

    for name in ["a2", "a3", "a4", "a5"] {
        lab.update("a", name, None).await;
    }
    let _worker = lab.worker(&[("FLUSH_INTERVAL_MS", "3600000"), ("BATCH_SIZE", "2")]);
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a5 c=c0");
}

fn calls_of_scripts(raw: &mut redis::Connection) -> u64 {
    let info: String = redis::cmd("INFO").arg("commandstats").query(raw).unwrap();
    let calls = info.lines().filter_map(|line| {
        let rest = line.strip_prefix("cmdstat_eval:calls=")?;
        rest.split(',').next()?.parse::<u64>().ok()
    });
    calls.sum()
}
