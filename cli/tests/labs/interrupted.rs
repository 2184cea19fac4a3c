//! A run that does not get to its end by itself.

use nix::sys::signal::Signal;

use crate::{
    lab::{Lab08, assert_gone, things},
    page::{Running, START, page, verify},
    said::Say as _,
};

#[test]
fn an_interrupt_ends_the_block_and_takes_the_lab_down() {
    ends_well_after(Signal::SIGINT);
}

#[test]
fn a_request_to_terminate_does_the_same() {
    ends_well_after(Signal::SIGTERM);
}

#[track_caller]
fn ends_well_after(signal: Signal) {
    let lab = Lab08::new();
    let running = Running::holding(&lab);
    running.signal(signal);
    running.ends().code(130);
    assert_gone();
}

#[test]
fn what_a_killed_run_left_is_said_and_removed_by_the_next() {
    let lab = Lab08::new();
    let running = Running::holding(&lab);
    running.signal(Signal::SIGKILL);
    let killed = running.ends();
    assert_eq!(killed.code, None);
    assert_ne!(things(), Vec::<String>::new(), "nothing was left to find");

    let page = page(
        &lab,
        &[("start", START), ("ask", "curl -sf localhost:8000/health")],
    );
    lab.labctl(&verify(&page, &[]))
        .said()
        .passes()
        .says("removed what a killed run left")
        .says("3 containers");
    assert_gone();
}
