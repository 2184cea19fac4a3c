//! What a block leaves behind, and what is none of ours.

use std::time::Duration;

use labctl_runbook::ExitStatus;

use super::{is_gone, play, real, run};
use crate::{
    Ending, Invocation, Shell, Stop,
    shell::contract::{LONG, SHORT, block},
};

#[tokio::test]
async fn what_a_block_leaves_lives_until_the_session_ends() {
    let mut shell = real();
    let attempt = run(&mut shell, "sleep 4711.01 & disown; echo $!").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(0)));
    let pid = String::from_utf8(attempt.stdout.head).unwrap();
    assert!(!is_gone("sleep\x004711.01"));
    let left = format!("sleep 4711.01 (pid {}), left by `test`", pid.trim_end());
    assert_eq!(shell.end_session().await, [left]);
    assert!(is_gone("sleep\x004711.01"));
    assert_eq!(shell.end_session().await, [""; 0]);
}

#[tokio::test]
async fn a_server_left_behind_may_go_on_writing() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let written = folder.path().join("written");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );
    let mut shell = real();
    let code = format!(
        "(read -r go <{}; head -c 300000 /dev/zero; echo $? >{}.new; mv {1}.new {1}) &",
        gate.display(),
        written.display()
    );
    run(&mut shell, &code).await;
    std::fs::write(&gate, "go\n").unwrap();
    let end = std::time::Instant::now() + LONG;
    while !written.exists() {
        assert!(std::time::Instant::now() < end, "it cannot write");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(std::fs::read_to_string(&written).unwrap(), "0\n");
    shell.end_session().await;
}

#[tokio::test]
async fn children_of_labctl_that_are_no_blocks_are_left_alone() {
    for group in [None, Some(0)] {
        let mut command = tokio::process::Command::new("sleep");
        command.arg("4711.10").kill_on_drop(true);
        if let Some(group) = group {
            command.process_group(group);
        }
        let mut other = command.spawn().unwrap();
        let mut quick = tokio::process::Command::new("sh")
            .args(["-c", "exit 9"])
            .spawn()
            .unwrap();
        let mut shell = real();
        let short = Invocation {
            deadline: SHORT,
            ..block("late", "sleep 1000 & sleep 1000")
        };
        play(&mut shell, &short).await;
        shell.end_session().await;
        assert_eq!(other.try_wait().unwrap(), None);
        assert_eq!(quick.wait().await.unwrap().code(), Some(9));
        other.kill().await.unwrap();
    }
}

#[test]
fn a_panic_leaves_nothing() {
    let invocation = block("test", "setsid sleep 4711.11 & echo; wait");
    let outcome = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut shell = real();
        let _ = runtime.block_on(shell.run(&invocation, &Stop::default(), &mut |_, _| {
            std::panic::panic_any("reporter")
        }));
    })
    .join();
    assert!(outcome.is_err());
    let end = std::time::Instant::now() + LONG;
    while !is_gone("sleep\x004711.11") {
        assert!(std::time::Instant::now() < end);
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_dropped_run_leaves_nothing() {
    let invocation = block("test", "setsid sleep 4711.09 & echo; wait");
    let mut shell = real();
    let begun = tokio_util::sync::CancellationToken::new();
    tokio::select! {
        _ = async { shell.run(&invocation, &Stop::default(), &mut |_, _| begun.cancel()).await } => panic!("ended"),
        () = begun.cancelled() => {}
    }
    let end = std::time::Instant::now() + LONG;
    while !is_gone("sleep\x004711.09") {
        assert!(std::time::Instant::now() < end);
        tokio::task::yield_now().await;
    }
}
