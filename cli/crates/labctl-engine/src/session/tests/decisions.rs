//! The state machine, fed with events.

use std::time::Duration;

use labctl_runbook::{
    Action, Part, Runbook, SkipReason,
    expect::{Claim, Comparison, Predicate, Retry, Statement, Subject, Value},
};

use super::bench::Bench;
use crate::session::state::{
    Grade::{NotPassed, Passed},
    Happened,
    Happened::{BackgroundStopped, Done, Judged, LabNotUp, LabRefused},
    Next, Rules, Session,
};

/// Feeds the events in and checks each answer, the first one included.
#[track_caller]
fn check(bench: &Bench, rules: Rules, script: &[(Next, Happened)]) {
    let mut session = Session::new(&bench.runbook, &bench.plan, rules);
    let mut next = session.begin();
    for (expected, happened) in script {
        assert_eq!(&next, expected);
        next = session.handle(happened.clone());
    }
    assert_eq!(next, Next::Finish);
}

const SERVICES: Rules = Rules {
    has_services: true,
    brings_up: true,
    keeps_failed: false,
    fails_fast: false,
};

fn run(step: usize) -> Next {
    Next::Run { step, attempt: 1 }
}

fn conclude(step: usize, wants_logs: bool) -> Next {
    Next::Conclude { step, wants_logs }
}

fn skip(step: usize, reason: SkipReason) -> Next {
    Next::Skip { step, reason }
}

#[test]
fn without_services_blocks_are_played_and_the_session_ends() {
    check(
        &Bench::new(&["a"]),
        Rules::default(),
        &[
            (run(0), Judged(NotPassed)),
            (conclude(0, false), Done),
            (Next::EndSession, Done),
        ],
    );
}

#[test]
fn a_refused_lab_is_never_taken_down() {
    check(
        &Bench::new(&["a"]),
        SERVICES,
        &[
            (Next::ClaimLab, LabRefused),
            (skip(0, SkipReason::LabNotUp), Done),
            (Next::EndSession, Done),
        ],
    );
}

#[test]
fn a_lab_that_cannot_be_brought_up_is_taken_down() {
    check(
        &Bench::new(&["a"]),
        SERVICES,
        &[
            (Next::ClaimLab, Done),
            (Next::BringUp, LabNotUp),
            (skip(0, SkipReason::LabNotUp), Done),
            (Next::EndSession, Done),
            (Next::TearDown, Done),
        ],
    );
}

#[test]
fn a_run_that_ends_with_the_first_failure_still_cleans_up() {
    let bench = Bench::new(&["start", "read", "write", "cleanup"])
        .part(0, Part::Start)
        .part(3, Part::Cleanup);
    let rules = Rules {
        fails_fast: true,
        ..SERVICES
    };
    check(
        &bench,
        rules,
        &[
            (Next::ClaimLab, Done),
            (run(0), Judged(Passed)),
            (conclude(0, false), Done),
            (Next::AwaitReady, Done),
            (run(1), Judged(NotPassed)),
            (conclude(1, true), Done),
            (skip(2, SkipReason::AfterFailure), Done),
            (run(3), Judged(Passed)),
            (conclude(3, false), Done),
            (Next::EndSession, Done),
            (Next::TearDown, Done),
        ],
    );
}

#[test]
fn background_blocks_end_before_the_cleanup_and_a_failed_one_wants_no_second_stop() {
    let bench = Bench::new(&["start", "load", "cleanup"])
        .part(0, Part::Start)
        .part(2, Part::Cleanup)
        .action(1, Action::RunInBackground);
    check(
        &bench,
        SERVICES,
        &[
            (Next::ClaimLab, Done),
            (run(0), Judged(Passed)),
            (conclude(0, false), Done),
            (Next::AwaitReady, Done),
            (Next::StartInBackground(1), Done),
            (
                Next::StopBackground { awaited: vec![] },
                BackgroundStopped(vec![(1, NotPassed)]),
            ),
            (run(2), Judged(Passed)),
            (conclude(2, false), Done),
            (Next::EndSession, Done),
            (Next::TearDown, Done),
        ],
    );
}

#[test]
fn a_background_block_with_an_exit_claim_is_awaited() {
    let bench = Bench::new(&["load", "cleanup"])
        .part(1, Part::Cleanup)
        .action(0, Action::RunInBackground)
        .block(0, |block| {
            block.expectations.statements.push(Statement::Claim(Claim {
                quantifier: None,
                subject: Subject::Exit,
                is_negated: false,
                predicate: Predicate::Compare(Comparison::Equal, Value::Literal(0.into()), None),
                within: None,
                why: None,
                text: "exit == 0".to_owned(),
                span: block.opening,
            }));
        });
    check(
        &bench,
        Rules::default(),
        &[
            (Next::StartInBackground(0), Done),
            (
                Next::StopBackground { awaited: vec![0] },
                BackgroundStopped(vec![(0, Passed)]),
            ),
            (run(1), Judged(Passed)),
            (conclude(1, false), Done),
            (Next::EndSession, Done),
        ],
    );
}

#[test]
fn an_interrupt_ends_background_blocks_and_starts_nothing() {
    let bench = Bench::new(&["load", "read", "cleanup"])
        .part(2, Part::Cleanup)
        .action(0, Action::RunInBackground);
    let rules = Rules {
        brings_up: false,
        ..SERVICES
    };
    let mut session = Session::new(&bench.runbook, &bench.plan, rules);
    assert_eq!(session.begin(), Next::ClaimLab);
    assert_eq!(session.handle(Done), Next::StartInBackground(0));
    session.interrupt();
    assert_eq!(session.handle(Done), skip(1, SkipReason::Cancelled));
    assert_eq!(session.handle(Done), skip(2, SkipReason::Cancelled));
    assert_eq!(
        session.handle(Done),
        Next::StopBackground { awaited: vec![] }
    );
    assert_eq!(
        session.handle(BackgroundStopped(vec![(0, Passed)])),
        Next::EndSession
    );
    assert_eq!(session.handle(Done), Next::TearDown);
    assert_eq!(session.handle(Done), Next::Finish);
}

#[test]
fn a_retry_pauses_between_attempts_and_ends_with_the_last() {
    let retry = Retry {
        attempts: 2,
        every: Duration::from_secs(1),
    };
    let bench = Bench::new(&["a"]).block(0, |block| block.expectations.retry = Some(retry));
    check(
        &bench,
        Rules::default(),
        &[
            (run(0), Judged(NotPassed)),
            (
                Next::Pause {
                    step: 0,
                    attempt: 1,
                    every: Duration::from_secs(1),
                },
                Done,
            ),
            (
                Next::Run {
                    step: 0,
                    attempt: 2,
                },
                Judged(NotPassed),
            ),
            (conclude(0, false), Done),
            (Next::EndSession, Done),
        ],
    );
}

#[test]
fn an_empty_plan_takes_the_lab_down_again() {
    let mut bench = Bench::new(&[]);
    bench.runbook = Runbook::parse("");
    check(
        &bench,
        Rules {
            brings_up: false,
            ..SERVICES
        },
        &[
            (Next::ClaimLab, Done),
            (Next::EndSession, Done),
            (Next::TearDown, Done),
        ],
    );
}
