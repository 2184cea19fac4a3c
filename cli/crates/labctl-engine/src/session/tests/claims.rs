//! What a block comes to by its claims: each counts, and what could not be told is not passed.

use labctl_runbook::{Action, Verdict};

use super::{
    bench::{Bench, outcomes},
    shell::Does::{self, Exits, GoesOn},
};
use crate::LabReport;

async fn verify(does: Does, claims: &str) -> LabReport {
    let mut bench = Bench::new(&["read"]).does("read", [does]);
    bench = bench.expects(0, claims);
    bench.verify().await
}

async fn check(does: Does, claims: &str, expected: &str) {
    let what = format!("{does:?}: {claims}");
    assert_eq!(outcomes(&verify(does, claims).await), expected, "{what}");
}

#[tokio::test]
async fn every_claim_counts_wherever_it_stands() {
    let one = "stdout contains \"one\"";
    let two = "stdout contains \"two\"";
    check(Exits("one two", 0), &format!("{one}\n{two}"), "passed").await;
    check(Exits("one", 0), &format!("{one}\n{two}"), "failed").await;
    check(Exits("two", 0), &format!("{one}\n{two}"), "failed").await;
    check(Exits("", 0), "capture x = line[1]", "failed").await;
}

#[tokio::test]
async fn the_exit_is_as_claimed_and_0_where_nothing_is_said() {
    check(Exits("", 3), "exit == 3", "passed").await;
    check(Exits("", 0), "exit == 3", "failed").await;
    check(Exits("", 3), "exit == 3\nstdout contains \"x\"", "failed").await;
    check(Exits("x", 1), "stdout contains \"x\"", "failed").await;
    let report = verify(Exits("", 3), "exit == 3").await;
    assert_eq!(report.counts().expectations, 1, "0 is not implied as well");
}

#[tokio::test]
async fn what_cannot_be_told_is_an_error_and_what_is_false_besides_a_failure() {
    let report = verify(Exits("x", 0), "stdout == $never\nstdout contains \"x\"").await;
    assert_eq!(outcomes(&report), "errored");
    let counts = report.counts();
    assert_eq!((counts.expectations, counts.expectations_held), (3, 2));
    let both = "stdout == $never\nstdout contains \"y\"";
    check(Exits("x", 0), both, "failed").await;
}

#[tokio::test]
async fn a_capture_alone_leaves_a_block_exit_only_and_a_claim_does_not() {
    let report = verify(Exits("x", 0), "capture x = line[1]").await;
    assert!(report.steps[0].is_exit_only);
    let report = verify(Exits("x", 0), "exit == 0").await;
    assert!(report.steps[0].is_exit_only);
    let report = verify(Exits("x", 0), "stdout contains \"x\"").await;
    assert!(!report.steps[0].is_exit_only);
}

#[tokio::test(start_paused = true)]
async fn an_endless_block_is_judged_by_what_it_printed_and_not_by_its_exit() {
    for (claims, expected) in [
        ("stdout contains \"x\"\nexit == 7", "stopped"),
        ("stdout contains \"y\"", "failed"),
        ("stdout == $never", "errored"),
    ] {
        let report = Bench::new(&["read"])
            .action(
                0,
                Action::RunEndless {
                    command: "tail -f".to_owned(),
                },
            )
            .does("read", [GoesOn("x\n")])
            .expects(0, claims)
            .verify()
            .await;
        assert_eq!(outcomes(&report), expected, "{claims}");
    }
}

#[tokio::test(start_paused = true)]
async fn until_ends_a_block_that_has_shown_what_it_should() {
    let until = "until stdout contains \"ready\"";
    check(GoesOn("ready\n"), until, "stopped").await;
    check(Exits("ready\n", 3), until, "passed").await;
    let more = format!("{until}\nstdout contains \"more\"");
    check(GoesOn("ready\n"), &more, "failed").await;
    let report = verify(GoesOn("ready\n"), until).await;
    assert_eq!(report.steps[0].judgements.len(), 1);
    assert_eq!(report.steps[0].judgements[0].verdict, Verdict::Held);
    assert!(!report.steps[0].is_exit_only);
}

#[tokio::test(start_paused = true)]
async fn until_that_is_never_seen_to_hold_is_not_passed() {
    let until = "until stdout contains \"ready\"";
    check(Exits("no\n", 0), until, "failed").await;
    check(GoesOn("no\n"), until, "late").await;
    check(GoesOn("no\nready"), until, "late").await;
    check(GoesOn("x\n"), "until stdout == $never", "late").await;
}
