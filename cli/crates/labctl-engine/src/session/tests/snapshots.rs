//! Snapshots in a session.

use labctl_runbook::expect::{Redaction, RedactionKind, SnapshotMode};

use super::{
    bench::{Bench, outcomes},
    shell::Does::Exits,
};
use crate::{SnapshotFolder, SnapshotOutcome, pending_in};

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
    pending_in(&folder.path().join("08"))
        .unwrap()
        .pop()
        .unwrap()
        .reject()
        .unwrap();
    assert_eq!(pending_in(&folder.path().join("08")).unwrap(), []);
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
