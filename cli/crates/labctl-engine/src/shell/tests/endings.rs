//! How a block ends, and what of its output is kept.

use labctl_runbook::ExitStatus;

use super::{is_gone, play, real, run};
use crate::{
    Ending, Invocation,
    shell::contract::{SHORT, block},
};

#[tokio::test]
async fn a_block_that_kills_its_shell_is_ended_by_a_signal() {
    let attempt = run(&mut real(), "kill -9 $$").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Signal(9)));
}

#[tokio::test]
async fn closed_streams_and_bytes_that_are_no_text_stop_nothing() {
    let attempt = run(&mut real(), r"printf 'a\xff\xfe'; exec >&- 2>&-; exit 5").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(5)));
    assert_eq!(attempt.stdout.head, b"a\xff\xfe");
}

#[tokio::test]
async fn output_without_end_is_kept_in_part_and_stopped() {
    let watched = Invocation {
        endless: Some(SHORT),
        ..block("yes", "yes")
    };
    let attempt = play(&mut real(), &watched).await;
    assert_eq!(attempt.ending, Ending::Stopped);
    assert!(attempt.stdout.omitted_bytes > 0);
    assert_eq!(
        attempt.stdout.head.len() + attempt.stdout.tail.len(),
        1024 * 1024
    );
}

#[tokio::test]
async fn a_silent_endless_block_times_out() {
    let watched = Invocation {
        endless: Some(SHORT),
        deadline: SHORT,
        ..block("silent", "sleep 1000")
    };
    let attempt = play(&mut real(), &watched).await;
    assert_eq!(attempt.ending, Ending::TimedOut);
}

#[track_caller]
fn check_forks_away(seconds: &str, code: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let code = code.replace("SLEEP", &format!("sleep {seconds}"));
        let invocation = Invocation {
            deadline: SHORT,
            ..block("test", &format!("{code}\nsleep 1000"))
        };
        let attempt = play(&mut real(), &invocation).await;
        assert_eq!(attempt.ending, Ending::TimedOut);
        assert!(is_gone(&format!("sleep\x00{seconds}")), "{code}");
    });
}

#[test]
fn at_the_deadline_everything_goes_whatever_it_did() {
    check_forks_away("4711.02", "SLEEP &");
    check_forks_away("4711.03", "setsid SLEEP &");
    check_forks_away("4711.04", "(setsid setsid nohup SLEEP >/dev/null 2>&1 &)");
    check_forks_away("4711.05", "(env -i setsid SLEEP >/dev/null 2>&1 &)");
    check_forks_away(
        "4711.06",
        "set -m; (trap '' TERM INT HUP; SLEEP; SLEEP) & disown",
    );
    check_forks_away(
        "4711.12",
        "trap '' TERM INT; setsid bash -c 'trap \"\" TERM HUP; SLEEP; SLEEP' & wait",
    );
    check_forks_away("4711.07", "exec >&- 2>&-; SLEEP &");
}

#[test]
fn a_process_that_forks_away_for_ever_is_caught() {
    check_forks_away(
        "4711.08",
        "trap '' TERM; run() { SLEEP & (sleep 0.01; run &) }; (run) &\nsleep 0.2; kill %1 || :",
    );
}
