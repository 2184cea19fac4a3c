//! Snapshots in a session.

use labctl_runbook::expect::{Redaction, RedactionKind, SnapshotMode};

use super::{
    bench::{Bench, outcomes},
    shell::Does::{self, Complains, Exits},
};
use crate::{SnapshotFolder, SnapshotOutcome, pending_in};

/// A bench whose block does this, with its snapshots in this mode.
fn of(folder: &tempfile::TempDir, does: Does, mode: SnapshotMode) -> Bench {
    bench(folder, "")
        .does("read", [does])
        .block(0, |block| block.expectations.snapshot = mode)
}

fn accept(folder: &tempfile::TempDir) {
    for pending in pending_in(&folder.path().join("08")).unwrap() {
        pending.accept().unwrap();
    }
}

fn bench(folder: &tempfile::TempDir, prints: &'static str) -> Bench {
    let mut bench = Bench::new(&["read"])
        .block(0, |block| {
            block.expectations.snapshot = SnapshotMode::Stdout;
        })
        .does("read", [Exits(prints, 0)]);
    bench.snapshots = Some(SnapshotFolder {
        path: folder.path().join("08"),
        source: "runbooks/08.md".into(),
        is_read_only: false,
    });
    bench
}

#[tokio::test]
async fn an_output_is_new_then_accepted_then_another_one_differs() {
    let folder = tempfile::tempdir().unwrap();
    let report = bench(&folder, "HIT\n").verify().await;
    assert_eq!(outcomes(&report), "failed");
    assert!(matches!(
        report.steps[0].snapshot,
        Some(SnapshotOutcome::New(Some(_)))
    ));

    let pending = pending_in(&folder.path().join("08")).unwrap();
    assert_eq!(
        (pending.len(), pending[0].recorded.block.as_str()),
        (1, "read")
    );
    pending.into_iter().next().unwrap().accept().unwrap();
    let report = bench(&folder, "HIT\n").verify().await;
    assert_eq!(outcomes(&report), "passed");
    assert!(!report.steps[0].is_exit_only);

    let report = bench(&folder, "MISS\n").verify().await;
    assert_eq!(outcomes(&report), "failed");
    let Some(SnapshotOutcome::Differed { diff, .. }) = &report.steps[0].snapshot else {
        panic!("it differs")
    };
    assert!(diff.contains("-HIT") && diff.contains("+MISS"), "{diff}");
    let mut pending = pending_in(&folder.path().join("08")).unwrap();
    let pending = pending.pop().unwrap();
    assert!(!pending.is_same_text());
    pending.reject().unwrap();
    assert_eq!(pending_in(&folder.path().join("08")).unwrap(), []);
    let report = bench(&folder, "HIT\n").verify().await;
    assert_eq!(outcomes(&report), "passed", "what was accepted stays");
}

#[tokio::test]
async fn a_changed_code_with_the_same_output_is_stale_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let _ = bench(&folder, "HIT").verify().await;
    pending_in(&folder.path().join("08"))
        .unwrap()
        .pop()
        .unwrap()
        .accept()
        .unwrap();
    let report = bench(&folder, "HIT")
        .block(0, |block| block.code = "echo other".into())
        .verify()
        .await;
    assert_eq!(outcomes(&report), "passed");
    assert_eq!(report.steps[0].snapshot, Some(SnapshotOutcome::Stale));
    assert!(report.steps[0].notes[0].starts_with("stale snapshot"));
    let pending = pending_in(&folder.path().join("08")).unwrap();
    assert!(pending[0].is_same_text());
}

#[tokio::test]
async fn a_snapshot_without_a_block_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(&folder, "HIT");
    let gone = bench
        .snapshots
        .as_ref()
        .unwrap()
        .file("gone", crate::Stream::Stdout);
    std::fs::create_dir(folder.path().join("08")).unwrap();
    std::fs::write(gone, "---\n---\n").unwrap();
    let report = bench.verify().await;
    assert!(
        report
            .notes
            .last()
            .unwrap()
            .contains("gone.snap belongs to no block")
    );
}

#[tokio::test]
async fn an_automatic_run_writes_nothing_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(&folder, "HIT");
    bench.snapshots.as_mut().unwrap().is_read_only = true;
    let report = bench.verify().await;
    assert_eq!(report.steps[0].snapshot, Some(SnapshotOutcome::New(None)));
    assert_eq!(outcomes(&report), "failed");
    assert!(!folder.path().join("08").exists());
}

#[tokio::test]
async fn a_pending_file_that_cannot_be_written_is_noted_and_the_difference_still_fails() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("08/read.snap.new/in the way")).unwrap();
    let report = bench(&folder, "HIT").verify().await;
    assert_eq!(outcomes(&report), "failed");
    assert_eq!(report.steps[0].snapshot, Some(SnapshotOutcome::New(None)));
    assert!(
        report.steps[0].notes[0]
            .starts_with("the pending snapshot could not be written: cannot write")
    );
    let left: Vec<_> = std::fs::read_dir(folder.path().join("08"))
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[tokio::test]
async fn what_is_not_said_is_compared_only_if_accepted_before() {
    let folder = tempfile::tempdir().unwrap();
    let report = bench(&folder, "HIT")
        .block(0, |block| {
            block.expectations.snapshot = SnapshotMode::Unsaid;
        })
        .verify()
        .await;
    assert_eq!(
        (outcomes(&report).as_str(), report.steps[0].is_exit_only),
        ("passed", true)
    );
    assert_eq!(report.steps[0].snapshot, None);
}

#[tokio::test]
async fn a_redaction_hides_and_one_that_finds_nothing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let redact = |path: Option<&str>| {
        let path = path.map(str::to_owned);
        move |block: &mut labctl_runbook::Block| {
            block.expectations.redactions = vec![Redaction {
                kind: RedactionKind::Uuid,
                path,
                span: block.opening,
            }];
        }
    };
    let printed = "id 7c9e6679-7425-40de-944b-e07fc1f90ae7\n";
    let _ = bench(&folder, printed)
        .block(0, redact(None))
        .verify()
        .await;
    let pending = pending_in(&folder.path().join("08")).unwrap();
    assert_eq!(pending[0].recorded.text, "id [uuid]");
    let report = bench(&folder, printed)
        .block(0, redact(Some("$.id")))
        .verify()
        .await;
    assert_eq!(outcomes(&report), "failed");
}

#[tokio::test]
async fn each_stream_is_compared_where_asked_and_only_there() {
    use SnapshotMode::{Both, Off, Stderr, Stdout, Unsaid};
    let folder = tempfile::tempdir().unwrap();
    let accepted = || Complains("out", "err", 0);
    let _ = of(&folder, accepted(), Both).verify().await;
    accept(&folder);
    let other_out = || Complains("other", "err", 0);
    let other_err = || Complains("out", "other", 0);
    for (does, mode, expected) in [
        (accepted(), Both, "passed"),
        (other_out(), Both, "failed"),
        (other_err(), Both, "failed"),
        (other_out(), Stdout, "failed"),
        (other_err(), Stdout, "passed"),
        (other_out(), Stderr, "passed"),
        (other_err(), Stderr, "failed"),
        (accepted(), Unsaid, "passed"),
        (other_out(), Unsaid, "failed"),
        (other_err(), Unsaid, "failed"),
        (other_out(), Off, "passed"),
    ] {
        let what = format!("{does:?} {mode:?}");
        let report = of(&folder, does, mode).verify().await;
        assert_eq!(outcomes(&report), expected, "{what}");
        let is_off = mode == Off;
        assert_eq!(report.steps[0].snapshot.is_none(), is_off, "{what}");
    }
}

#[tokio::test]
async fn another_text_differs_though_the_code_is_another_too() {
    let folder = tempfile::tempdir().unwrap();
    let _ = bench(&folder, "HIT").verify().await;
    accept(&folder);
    let report = bench(&folder, "MISS")
        .block(0, |block| block.code = "echo other".into())
        .verify()
        .await;
    assert_eq!(outcomes(&report), "failed");
}

#[tokio::test]
async fn what_an_earlier_run_left_pending_goes_when_the_output_is_right_again() {
    let folder = tempfile::tempdir().unwrap();
    let _ = bench(&folder, "HIT").verify().await;
    accept(&folder);
    let _ = bench(&folder, "MISS").verify().await;
    assert_eq!(pending_in(&folder.path().join("08")).unwrap().len(), 1);
    let _ = bench(&folder, "HIT").verify().await;
    assert_eq!(pending_in(&folder.path().join("08")).unwrap(), []);
}

#[tokio::test]
async fn a_file_that_is_no_snapshot_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("08")).unwrap();
    std::fs::write(folder.path().join("08/read.snap"), "garbage").unwrap();
    let report = bench(&folder, "HIT").verify().await;
    assert_eq!(outcomes(&report), "errored");
}

#[tokio::test]
async fn rules_for_the_whole_document_need_find_nothing_but_never_hide_another_kind() {
    let folder = tempfile::tempdir().unwrap();
    let rule = |kind, path: Option<&str>| Redaction {
        kind,
        path: path.map(str::to_owned),
        span: Bench::new(&["x"]).runbook.blocks[0].opening,
    };
    let with_rules = |prints| {
        let mut bench = bench(&folder, prints);
        bench.runbook.front_matter.labctl.redactions = vec![
            rule(RedactionKind::Number, Some("$.n")),
            rule(RedactionKind::Duration, None),
        ];
        bench
    };
    let _ = with_rules("took 12ms").verify().await;
    let recorded = |folder: &tempfile::TempDir| {
        let pending = pending_in(&folder.path().join("08")).unwrap();
        pending[0].recorded.text.clone()
    };
    assert_eq!(recorded(&folder), "took [duration]");
    let _ = with_rules("{\"n\": 7}").verify().await;
    assert_eq!(recorded(&folder), "{\"n\": \"[number]\"}");
    accept(&folder);
    let report = with_rules("{\"n\": \"seven\"}").verify().await;
    assert_eq!(outcomes(&report), "failed");
    let told = &report.steps[0].judgements.last().unwrap().verdict;
    assert!(
        matches!(told, labctl_runbook::Verdict::Failed(how) if how.contains("which is no number")),
        "{told:?}"
    );
}
