//! The spans of the contract: a batch, each attempt, and the request that an attempt is linked to.

use redis::Commands as _;
use test_service::{Collector, trace_id};
use write_behind_queue::{ORIGINS, QUEUE};

use crate::lab::{Lab, WINDOW};

/// Says that each entry that waits was queued in the trace of its place, from 1.
fn trace_queue(lab: &Lab) {
    let mut redis = lab.raw();
    for (text, trace) in lab.list(QUEUE).iter().zip(1..) {
        let digest: String = redis::cmd("EVAL")
            .arg("return redis.sha1hex(ARGV[1])")
            .arg(0)
            .arg(text)
            .query(&mut redis)
            .unwrap();
        let origin = format!("00-{}-b7ad6b7169203331-01", trace_id(trace));
        let () = redis.hset(ORIGINS, digest, origin).unwrap();
    }
}

fn variables<'v>(
    collector: &'v [(&'static str, String)],
    more: &[(&'v str, &'v str)],
) -> Vec<(&'v str, &'v str)> {
    let collector = collector
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    collector.chain(more.iter().copied()).collect()
}

#[tokio::test]
async fn a_batch_has_an_attempt_for_each_entry_linked_to_its_request() {
    let lab = Lab::start();
    lab.update("a", "a1", WINDOW).await;
    lab.update("a", "a2", WINDOW).await;
    lab.insert("n", "n1").await;
    lab.delete("c").await;
    trace_queue(&lab);
    lab.push("no entry");
    let collector = Collector::start();
    let told = collector.variables();
    let _worker = lab.worker(&variables(&told, &[]));
    assert_eq!(
        collector.trace_of("process_batch", 4),
        [
            "nobody > process_batch [internal] batch.size=4 batch.success_count=3 batch.failure_count=1".to_owned(),
            format!(
                "process_batch > process_update [internal] entity.id=a attempt=1 coalesced_count=2 success=true <- {}",
                trace_id(1)
            ),
            format!(
                "process_batch > process_insert [internal] entity.id=n attempt=1 coalesced_count=1 success=true <- {}",
                trace_id(2)
            ),
            format!(
                "process_batch > process_delete [internal] entity.id=c attempt=1 coalesced_count=1 success=true <- {}",
                trace_id(3)
            ),
        ]
    );
    let left: usize = lab.raw().hlen(ORIGINS).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_retry_is_inside_the_attempt_that_failed() {
    let lab = Lab::start();
    lab.update("a", "a1", WINDOW).await;
    let collector = Collector::start();
    let told = collector.variables();
    let failing = [
        ("SIMULATE_DB_FAILURE", "true"),
        ("FAILURE_RATE", "1"),
        ("MAX_RETRIES", "2"),
    ];
    let _worker = lab.worker(&variables(&told, &failing));
    let failed = "coalesced_count=1 success=false error=simulated database failure !";
    assert_eq!(
        collector.trace_of("process_batch", 3),
        [
            "nobody > process_batch [internal] batch.size=1 batch.success_count=0 batch.failure_count=1".to_owned(),
            format!("process_batch > process_update [internal] entity.id=a attempt=1 {failed}"),
            format!("process_update > process_update [internal] entity.id=a attempt=2 {failed}"),
        ]
    );
}
