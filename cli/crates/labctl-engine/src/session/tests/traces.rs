//! Claims about traces: when they are judged, and when it cannot be told.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use labctl_runbook::{Verdict, traces::RecordedSpan};

use super::bench::{Bench, outcomes};
use crate::{LabReport, TraceStore};

/// A span that lasts a millisecond, from now on.
fn span(id: u64, parent: Option<u64>, name: &str) -> RecordedSpan {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    let start = u64::try_from(now.as_nanos()).expect("this century");
    RecordedSpan {
        trace: 1,
        id,
        parent,
        service: "api".to_owned(),
        name: name.to_owned(),
        kind: labctl_runbook::traces::SpanKind::Internal,
        start,
        end: start + 1_000_000,
        status: labctl_runbook::traces::SpanStatus::Unset,
        attributes: Vec::new(),
        links: Vec::new(),
    }
}

/// One block that claims this, while these spans come, each so long after the start.
async fn verify(
    lines: &str,
    coming: impl IntoIterator<Item = (Duration, fn() -> RecordedSpan)>,
) -> LabReport {
    let store = Arc::<TraceStore>::default();
    for (after, span) in coming {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            store.take(vec![span()]);
        });
    }
    let mut bench = Bench::new(&["write"]).expects(0, lines);
    bench.traces = Some(Ok(store));
    bench.verify().await
}

const SOON: Duration = Duration::from_millis(100);

fn root() -> RecordedSpan {
    span(1, None, "POST /items")
}

fn child() -> RecordedSpan {
    span(2, Some(1), "db_insert")
}

#[tokio::test(start_paused = true)]
async fn spans_that_come_after_the_block_are_waited_for() {
    let line = "trace api \"POST /items\" children == [\"db_insert\"]";
    let coming: [(Duration, fn() -> RecordedSpan); 2] = [(SOON * 40, root), (SOON * 42, child)];
    assert_eq!(outcomes(&verify(line, coming).await), "passed");
}

/// The child comes after the root, before things are quiet.
#[tokio::test(start_paused = true)]
async fn that_a_span_is_not_there_is_judged_when_no_more_come() {
    let line = "trace api \"POST /items\" span \"db_insert\" not exists";
    let coming: [(Duration, fn() -> RecordedSpan); 2] = [(SOON, root), (SOON * 4, child)];
    assert_eq!(outcomes(&verify(line, coming).await), "failed");
    let only_root: [(Duration, fn() -> RecordedSpan); 1] = [(SOON, root)];
    assert_eq!(outcomes(&verify(line, only_root).await), "passed");
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_is_awaited_where_the_claim_says_so() {
    let coming: [(Duration, fn() -> RecordedSpan); 1] = [(SOON * 200, root)];
    let line = "trace api \"POST /items\" exists";
    assert_eq!(outcomes(&verify(line, coming).await), "failed");
    let awaited = format!("{line} within 30s");
    assert_eq!(outcomes(&verify(&awaited, coming).await), "passed");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_never_heard_fails_every_claim() {
    for claim in ["exists", "not exists", "count == 0", "duration < 1s"] {
        let report = verify(&format!("trace api \"POST /items\" {claim}"), []).await;
        assert_eq!(outcomes(&report), "failed", "{claim}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_began_before_the_block_is_none_of_its_traces() {
    let store = Arc::<TraceStore>::default();
    let mut early = root();
    early.start -= 1_000_000_000;
    store.take(vec![early]);
    let mut bench = Bench::new(&["write"]).expects(0, "trace api \"POST /items\" not exists");
    bench.traces = Some(Ok(store));
    assert_eq!(outcomes(&bench.verify().await), "passed");
}

#[tokio::test(start_paused = true)]
async fn without_a_receiver_it_cannot_be_told() {
    for traces in [None, Some(Err("nobody can listen on 10.0.0.1".to_owned()))] {
        let mut bench = Bench::new(&["write"]).expects(0, "trace api \"POST /items\" exists");
        bench.traces = traces;
        let report = bench.verify().await;
        assert_eq!(outcomes(&report), "errored");
        let verdict = &report.steps[0].judgements[1].verdict;
        assert!(matches!(verdict, Verdict::Errored(_)), "{verdict:?}");
    }
}
