//! Whole sessions.

use std::time::Duration;

use labctl_runbook::{Action, Part, expect::Retry};

use super::{
    bench::{Bench, code, outcomes},
    shell::Does::{CannotStart, Complains, Exits, GoesOn, IsLate},
};
use crate::{Residue, RunReport};

/// start, read, cleanup.
fn lab() -> Bench {
    Bench::new(&["start", "read", "cleanup"])
        .part(0, Part::Start)
        .part(2, Part::Cleanup)
}

#[tokio::test]
async fn a_lab_is_claimed_awaited_played_and_taken_down() {
    let mut bench = lab();
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed passed passed");
    assert_eq!(bench.calls(), ["claim", "wait ready", "tear down"]);
    assert_eq!(report.notes, ["removed what a killed run left"]);
    assert!(bench.shell.has_ended);
    assert_eq!(report.counts().exit_only, 3);
    assert_eq!(code(report), 0);
}

#[tokio::test]
async fn blocks_run_with_what_the_runtime_wants() {
    let mut bench = lab();
    bench.verify().await;
    assert_eq!(
        bench.shell.env.get("SOURCES").map(String::as_str),
        Some("digest")
    );
}

#[tokio::test]
async fn a_secret_that_a_block_prints_is_masked() {
    let says = Complains("a hunter2hunter2\n", "b hunter2hunter2\n", 0);
    let report = lab().does("read", [says]).verify().await;
    let seen = report.steps[1].observation.as_ref().unwrap();
    assert_eq!(seen.stdout.text, "a [masked]\n");
    assert_eq!(seen.stderr.text, "b [masked]\n");
}

#[tokio::test]
async fn a_lab_of_ours_without_a_start_block_is_brought_up_first() {
    let mut bench = Bench::new(&["read"]);
    bench.brings_up = true;
    assert_eq!(outcomes(&bench.verify().await), "passed");
    assert_eq!(bench.calls(), ["claim", "bring up", "tear down"]);
}

#[tokio::test]
async fn a_start_block_that_fails_skips_the_rest_and_is_an_error() {
    let mut bench = lab().does("start", [Exits("", 7)]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "failed LabNotUp LabNotUp");
    assert_eq!(bench.calls(), ["claim", "tear down"]);
    assert_eq!(
        report.steps[0].service_logs.as_deref(),
        Some("api | token [masked]\n")
    );
    assert_eq!(code(report), 3);
}

#[tokio::test]
async fn services_that_never_get_ready_skip_the_rest_and_show_their_last_lines() {
    let mut bench = lab().runtime(|runtime| runtime.never_ready = true);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed LabNotUp LabNotUp");
    assert!(
        report.errors[0].contains("api (unhealthy)")
            && report.errors[0].contains("no database for [masked]"),
        "{:?}",
        report.errors
    );
    assert_eq!(bench.calls(), ["claim", "wait ready", "tear down"]);
    assert_eq!(code(report), 3);
}

#[tokio::test]
async fn a_lab_held_by_another_is_left_alone() {
    let mut bench = lab().runtime(|runtime| runtime.is_held.set(true));
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "LabNotUp LabNotUp LabNotUp");
    assert_eq!(bench.calls(), ["claim"]);
    assert_eq!(code(report), 3);
}

#[tokio::test]
async fn a_failure_is_told_with_code_1_and_a_deadline_too() {
    let mut bench = lab().does("read", [Exits("", 1)]);
    assert_eq!(code(bench.verify().await), 1);
    let mut bench = lab().does("read", [IsLate("")]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed late passed");
    assert_eq!(code(report), 1);
}

#[tokio::test]
async fn a_block_that_cannot_start_is_an_error() {
    let report = lab().does("read", [CannotStart]).verify().await;
    assert_eq!(outcomes(&report), "passed errored passed");
    assert_eq!(code(report), 3);
}

#[tokio::test]
async fn sigpipe_and_restarts_are_noted() {
    let mut bench = lab()
        .does("read", [Exits("", 141)])
        .runtime(|runtime| runtime.restarts = vec![1, 3]);
    let report = bench.verify().await;
    assert!(report.steps[1].notes[0].contains("SIGPIPE"));
    assert_eq!(report.steps[1].notes[1], "service api restarted 2 times");
}

#[tokio::test]
async fn what_a_teardown_leaves_is_an_error() {
    let residue = Residue {
        volumes: vec!["08_data".to_owned()],
        ..Residue::default()
    };
    let report = lab()
        .runtime(|runtime| runtime.residue = residue)
        .verify()
        .await;
    assert_eq!(
        report.errors,
        ["still there after the teardown: volumes 08_data"]
    );
}

#[tokio::test]
async fn a_runtime_that_cannot_say_whether_things_are_gone_is_an_error() {
    for (call, expected) in [
        (
            "tear down",
            "the lab could not be taken down: the engine is gone",
        ),
        ("remove one-offs", "the engine is gone"),
    ] {
        let mut bench = Bench::new(&["load", "cleanup"])
            .part(1, Part::Cleanup)
            .action(0, Action::RunInBackground)
            .runtime(|runtime| runtime.fails_at = Some(call));
        let report = bench.verify().await;
        assert_eq!(outcomes(&report), "passed passed", "{call}");
        assert_eq!(report.errors, [expected]);
        assert_eq!(code(report), 3);
    }
}

#[tokio::test]
async fn a_lab_that_never_came_up_stays_as_it_is_where_asked() {
    let mut bench = lab().runtime(|runtime| runtime.never_ready = true);
    bench.keeps_failed = true;
    let _ = bench.verify().await;
    assert_eq!(bench.calls(), ["claim", "wait ready", "keep"]);
}

#[tokio::test]
async fn a_failed_lab_stays_up_where_asked_and_a_good_one_does_not() {
    let mut bench = lab().does("read", [Exits("", 1)]);
    bench.keeps_failed = true;
    let report = bench.verify().await;
    assert_eq!(bench.calls(), ["claim", "wait ready", "keep"]);
    assert_eq!(report.notes[1], "still up");
    let mut bench = lab();
    bench.keeps_failed = true;
    let _ = bench.verify().await;
    assert_eq!(bench.calls(), ["claim", "wait ready", "tear down"]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_at_any_moment_ends_in_a_teardown() {
    for (at, expected) in [
        ("LabStarted", "Cancelled Cancelled Cancelled"),
        ("Noted", "Cancelled Cancelled Cancelled"),
        ("StepStarted start", "cancelled Cancelled Cancelled"),
        ("StepFinished start", "passed Cancelled Cancelled"),
        ("ServicesAwaited", "passed Cancelled Cancelled"),
        ("ServicesReady", "passed Cancelled Cancelled"),
        ("StepPrinted read", "passed cancelled Cancelled"),
        ("StepFinished read", "passed cancelled Cancelled"),
        ("StepStarted cleanup", "passed late passed"),
        ("TeardownStarted", "passed late passed"),
    ] {
        let mut bench = lab()
            .does("read", [GoesOn("…\n")])
            .runtime(|runtime| runtime.hangs = at == "ServicesAwaited");
        if at == "StepStarted start" {
            bench = bench.does("start", [GoesOn("")]);
        }
        if at == "StepFinished read" {
            bench = bench.does("read", [Exits("", 0)]);
        }
        bench.interrupted_at = Some(at);
        let report = bench.verify().await;
        let expected = if at == "StepFinished read" {
            "passed passed Cancelled"
        } else {
            expected
        };
        assert_eq!(outcomes(&report), expected, "{at}");
        assert_eq!(bench.calls().last(), Some(&"tear down"), "{at}");
        assert!(bench.shell.has_ended, "{at}");
    }
}

#[tokio::test]
async fn a_panic_in_a_reporter_takes_the_lab_down_first() {
    for at in [
        "ServicesReady",
        "StepStarted read",
        "StepPrinted read",
        "StepFinished read",
    ] {
        let mut bench = lab();
        bench.panics_at = Some(at);
        assert!(bench.verify_panics().await, "{at}");
        assert_eq!(bench.calls().last(), Some(&"tear down"), "{at}");
        assert!(bench.shell.has_ended, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_runs_again_until_it_passes_and_says_so() {
    let retry = Retry {
        attempts: 3,
        every: Duration::from_secs(2),
    };
    let mut bench = lab()
        .block(1, |block| block.expectations.retry = Some(retry))
        .does("read", [Exits("", 1), Exits("", 1), Exits("", 0)]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed passed passed");
    assert_eq!(report.steps[1].attempts, 3);
    assert_eq!(report.steps[1].elapsed, Duration::from_secs(4));
    assert_eq!(
        bench
            .events
            .iter()
            .filter(|event| event.starts_with("StepRetried"))
            .count(),
        2
    );

    let mut bench = lab()
        .block(1, |block| block.expectations.retry = Some(retry))
        .does("read", [Exits("", 1)]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed failed passed");
    assert_eq!(report.steps[1].attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_between_attempts_ends_the_retries() {
    let retry = Retry {
        attempts: 9,
        every: Duration::from_hours(1),
    };
    let mut bench = lab()
        .block(1, |block| block.expectations.retry = Some(retry))
        .does("read", [Exits("", 1)]);
    bench.interrupted_at = Some("StepRetried read 1");
    assert_eq!(outcomes(&bench.verify().await), "passed failed Cancelled");
}

#[tokio::test(start_paused = true)]
async fn an_endless_block_passes_if_it_printed_something() {
    let endless = || Action::RunEndless {
        command: "tail -f".to_owned(),
    };
    let report = lab()
        .action(1, endless())
        .does("read", [GoesOn("line\n")])
        .verify()
        .await;
    assert_eq!(outcomes(&report), "passed stopped passed");
    let report = lab()
        .action(1, endless())
        .does("read", [GoesOn("")])
        .verify()
        .await;
    assert_eq!(outcomes(&report), "passed failed passed");
}

#[tokio::test(start_paused = true)]
async fn background_blocks_are_stopped_before_the_cleanup_and_judged_if_they_ended() {
    let bench = || {
        Bench::new(&["start", "load", "read", "cleanup"])
            .part(0, Part::Start)
            .part(3, Part::Cleanup)
            .action(1, Action::RunInBackground)
    };
    let mut stopped = bench().does("load", [GoesOn("")]);
    let report = stopped.verify().await;
    assert_eq!(outcomes(&report), "passed stopped passed passed");
    assert_eq!(
        stopped.calls(),
        ["claim", "wait ready", "remove one-offs", "tear down"]
    );
    let finished: Vec<_> = stopped
        .events
        .iter()
        .filter(|event| event.starts_with("StepFinished"))
        .collect();
    assert_eq!(
        finished,
        [
            "StepFinished start",
            "StepFinished read",
            "StepFinished load",
            "StepFinished cleanup"
        ]
    );

    let report = bench().does("load", [Exits("", 3)]).verify().await;
    assert_eq!(outcomes(&report), "passed failed passed passed");
    let report = bench().does("load", [Exits("", 0)]).verify().await;
    assert_eq!(outcomes(&report), "passed passed passed passed");
    let report = bench().does("load", [CannotStart]).verify().await;
    assert_eq!(outcomes(&report), "passed errored passed passed");
}

#[tokio::test(start_paused = true)]
async fn a_background_block_that_was_stopped_before_its_claims_could_be_judged_is_no_pass() {
    let bench = |claims| {
        Bench::new(&["load", "read"])
            .action(0, Action::RunInBackground)
            .expects(0, claims)
    };
    for claims in [
        "stdout contains \"x\"",
        "until stdout contains \"x\"",
        "snapshot stdout",
        "capture x = line[1]",
    ] {
        let report = bench(claims).does("load", [GoesOn("x\n")]).verify().await;
        assert_eq!(outcomes(&report), "errored passed", "{claims}");
        assert_eq!(code(report), 3, "{claims}");
    }
    let report = bench("timeout 1m")
        .does("load", [GoesOn("x\n")])
        .verify()
        .await;
    assert_eq!(outcomes(&report), "stopped passed");
    let claims = "stdout contains \"x\"";
    let report = bench(claims).does("load", [Exits("x\n", 0)]).verify().await;
    assert_eq!(outcomes(&report), "passed passed");
}

#[tokio::test]
async fn a_snapshot_that_nobody_can_keep_is_told() {
    for (lines, notes) in [
        ("snapshot stdout", 1),
        ("snapshot off", 0),
        ("exit == 0", 0),
    ] {
        let report = Bench::new(&["read"]).expects(0, lines).verify().await;
        assert_eq!(outcomes(&report), "passed", "{lines}");
        assert_eq!(report.steps[0].notes.len(), notes, "{lines}");
    }
}

#[tokio::test]
async fn a_block_whose_need_failed_is_skipped_without_changing_the_code() {
    let mut bench = lab().does("read", [Exits("", 1)]).block(2, |block| {
        let span = block.opening;
        block.expectations.needs = vec![("read".to_owned(), span)];
    });
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed failed Needs");
    assert_eq!(code(report), 1);
}

#[tokio::test]
async fn after_a_start_block_that_was_not_run_the_lab_is_not_up() {
    let mut bench = Bench::new(&["check", "start", "read"])
        .part(1, Part::Start)
        .does("check", [Exits("", 1)])
        .block(1, |block| {
            let span = block.opening;
            block.expectations.needs = vec![("check".to_owned(), span)];
        });
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "failed Needs LabNotUp");
    assert_eq!(bench.calls(), ["claim", "tear down"]);
}

#[tokio::test(start_paused = true)]
async fn a_lab_that_takes_too_long_is_ended_and_an_error() {
    let mut bench = Bench::new(&["a", "b"]).does("a", [GoesOn("")]);
    bench.plan.steps[0].deadline = Duration::from_hours(2);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "late Cancelled");
    assert_eq!(
        report.errors,
        ["the lab took longer than 2700 s; the rest was not run"]
    );
    assert_eq!(bench.calls(), ["claim", "tear down"]);
}

#[tokio::test]
async fn a_runbook_without_services_needs_no_runtime() {
    let mut bench = Bench::new(&["a"]);
    bench.runtime = None;
    assert_eq!(outcomes(&bench.verify().await), "passed");
}

#[tokio::test]
async fn a_verification_in_which_nothing_ran_is_an_error() {
    let skip = Action::Skip(labctl_runbook::SkipReason::NoLanguage);
    let report = Bench::new(&["a"]).action(0, skip).verify().await;
    assert_eq!(report.errors, ["no block was run, so nothing was verified"]);
    assert_eq!(code(report), 3);
    assert_eq!(RunReport::default().exit_code(), 3);
}

#[tokio::test]
async fn played_blocks_stop_at_the_first_failure_with_its_own_code() {
    let mut bench = Bench::new(&["a", "b", "c"]).does("b", [Exits("", 7)]);
    let played = bench.play().await;
    assert_eq!(
        (played.exit_code, outcomes(&played.lab).as_str()),
        (7, "passed failed")
    );
    assert_eq!(bench.shell.ran, ["a", "b"]);
    assert!(bench.shell.has_ended);
    assert_eq!(
        Bench::new(&["a"])
            .does("a", [IsLate("")])
            .play()
            .await
            .exit_code,
        124
    );
    assert_eq!(
        Bench::new(&["a"])
            .does("a", [CannotStart])
            .play()
            .await
            .exit_code,
        3
    );
    assert_eq!(Bench::new(&["a", "b"]).play().await.exit_code, 0);
}

#[tokio::test(start_paused = true)]
async fn a_played_block_that_was_refused_interrupted_or_ran_beside_has_its_code_too() {
    let skip = || Action::Skip(labctl_runbook::SkipReason::NoLanguage);
    let played = Bench::new(&["a", "b"]).action(0, skip()).play().await;
    assert_eq!(
        (played.exit_code, outcomes(&played.lab).as_str()),
        (2, "NoLanguage")
    );
    let mut bench = Bench::new(&["a", "b"]).does("a", [GoesOn("…\n")]);
    bench.interrupted_at = Some("StepPrinted a");
    let played = bench.play().await;
    assert_eq!(
        (played.exit_code, outcomes(&played.lab).as_str()),
        (130, "cancelled")
    );
    let mut bench = Bench::new(&["load", "b"])
        .action(0, Action::RunInBackground)
        .does("load", [CannotStart]);
    assert_eq!(bench.play().await.exit_code, 3);
    assert_eq!(bench.shell.ran, ["load"]);
}
