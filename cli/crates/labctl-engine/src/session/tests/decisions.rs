//! The state machine, fed with events.

use labctl_runbook::{Action, Part, SkipReason};

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
