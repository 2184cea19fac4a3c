//! A run that does not get to its end by itself.

use nix::sys::signal::Signal;

use crate::{
    lab::{CACHE_ASIDE, Lab},
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
    let lab = Lab::new(CACHE_ASIDE);
    let running = Running::holding(&lab);
    running.signal(signal);
    running.ends().code(130);
    lab.assert_gone();
}

#[test]
fn what_a_killed_run_left_is_said_and_removed_by_the_next() {
    let lab = Lab::new(CACHE_ASIDE);
    let running = Running::holding(&lab);
    running.signal(Signal::SIGKILL);
    let killed = running.ends();
    assert_eq!(killed.code, None);
    assert_ne!(
        lab.things(),
        Vec::<String>::new(),
        "nothing was left to find"
    );
    let left = lab.compose(&["ps", "--all", "--quiet"]).output().unwrap();
    let containers = String::from_utf8(left.stdout).unwrap().lines().count();

    let page = page(
        &lab,
        &[("start", START), ("ask", "curl -sf localhost:8000/health")],
    );
    lab.labctl(&verify(&page, &[]))
        .said()
        .passes()
        .says("removed what a killed run left")
        .says(&format!("{containers} containers"));
    lab.assert_gone();
}
