//! Blocks that run beside the others.

use std::time::Duration;

use labctl_runbook::ExitStatus;

use super::{is_gone, play, real, stdout};
use crate::{
    Ending, Invocation, Shell, Stop,
    shell::contract::{LONG, SHORT, block},
};

#[tokio::test]
async fn background_blocks_run_beside_and_are_ended() {
    let mut shell = real();
    let server = block("server", "echo hi; exec sleep 4711.13");
    shell.start_background(&server).await.unwrap();
    let quick = block("quick", "exit 7");
    shell.start_background(&quick).await.unwrap();
    let quick = shell.wait_background("quick", LONG, &Stop::default()).await;
    let code_7 = Ending::Exited(ExitStatus::Code(7));
    assert_eq!(quick.unwrap().ending, code_7);
    let end = std::time::Instant::now() + LONG;
    while is_gone("sleep\x004711.13") {
        assert!(std::time::Instant::now() < end, "it never began");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(stdout(&mut shell, "echo beside").await, "beside\n");
    assert!(
        !is_gone("sleep\x004711.13"),
        "a foreground block's end must not end it"
    );
    let ended = shell.stop_background().await;
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (ended[0].0.as_str(), ended[0].1.ending),
        ("server", Ending::Stopped)
    );
    assert_eq!(ended[0].1.stdout.head, b"hi\n");
    assert!(is_gone("sleep\x004711.13"));
}

#[tokio::test]
async fn a_foreground_deadline_spares_the_background() {
    let mut shell = real();
    let server = block("server", "env -i sleep 1000");
    shell.start_background(&server).await.unwrap();
    let short = Invocation {
        deadline: SHORT,
        ..block("short", "sleep 1000")
    };
    play(&mut shell, &short).await;
    let ended = shell.stop_background().await;
    assert_eq!(
        ended[0].1.ending,
        Ending::Stopped,
        "it lived until it was stopped"
    );
}
