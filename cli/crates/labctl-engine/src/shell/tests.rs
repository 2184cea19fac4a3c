//! What every block may count on, shown on real processes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use labctl_runbook::ExitStatus;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, sleep},
};

use super::*;
use crate::Stream;

const SOON: Duration = Duration::from_secs(20);

fn bash(block: &str, code: &str) -> Invocation {
    Invocation {
        block: block.to_owned(),
        program: Program::Shell(vec!["bash".into()]),
        code: code.to_owned(),
        cwd: PathBuf::from("/"),
        env: BTreeMap::new(),
        deadline: SOON,
        endless: None,
        is_interactive: false,
        shares_state: false,
    }
}

/// Orphans belong to a whole process: sessions of one process take turns, as they do in labctl.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

fn shell() -> ProcessShell {
    ProcessShell::new([]).unwrap()
}

impl Captured {
    fn utf8(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }
}

async fn run(shell: &mut ProcessShell, invocation: &Invocation) -> Attempt {
    shell
        .run(invocation, &Stop::default(), &mut |_: Stream, _: &[u8]| ())
        .await
        .unwrap()
}

async fn stdout(shell: &mut ProcessShell, code: &str) -> String {
    run(shell, &bash("block", code)).await.stdout.utf8()
}

/// Waits until a file has a line, which is a process id.
async fn pid_in(file: &Path) -> i32 {
    let late = Instant::now() + SOON;
    loop {
        if let Ok(text) = std::fs::read_to_string(file)
            && let Some(pid) = text.strip_suffix('\n')
        {
            return pid.trim().parse().unwrap();
        }
        assert!(
            Instant::now() < late,
            "{} never had a process id",
            file.display()
        );
        sleep(Duration::from_millis(5)).await;
    }
}

fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn streams_are_apart_and_the_status_is_the_shells() {
    let _alone = alone().await;
    let attempt = run(&mut shell(), &bash("b", "echo out; echo err >&2; exit 3")).await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(3)));
    assert_eq!(
        (
            attempt.stdout.utf8().as_str(),
            attempt.stderr.utf8().as_str()
        ),
        ("out\n", "err\n")
    );
    let killed = run(&mut shell(), &bash("b", "kill -9 $$")).await;
    assert_eq!(killed.ending, Ending::Exited(ExitStatus::Signal(9)));
}

#[tokio::test]
async fn what_is_exported_is_carried_on_and_nothing_else() {
    let _alone = alone().await;
    let mut shell = shell();
    run(
        &mut shell,
        &bash("a", "export A='x\ny \"z\" $w'; B=plain; export C=1"),
    )
    .await;
    assert_eq!(
        stdout(&mut shell, "printf '%s|%s|%s' \"$A\" \"${B-none}\" \"$C\"").await,
        "x\ny \"z\" $w|none|1"
    );
    run(&mut shell, &bash("b", "unset C; exit 0; echo never")).await;
    assert_eq!(stdout(&mut shell, "echo ${C-none}").await, "none\n");
    run(&mut shell, &bash("c", "export A=lost; false")).await;
    assert_eq!(stdout(&mut shell, "echo ${A:0:1}").await, "x\n");
    run(&mut shell, &bash("d", "trap 'echo bye' EXIT; export D=4")).await;
    assert_eq!(stdout(&mut shell, "echo $D").await, "4\n");
}

#[tokio::test]
async fn a_trap_of_the_blocks_own_keeps_its_status() {
    let _alone = alone().await;
    let attempt = run(
        &mut shell(),
        &bash("b", "trap 'echo bye' EXIT\ntrue && false"),
    )
    .await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(1)));
    assert_eq!(attempt.stdout.utf8(), "bye\n");
}

#[tokio::test]
async fn line_numbers_in_messages_are_the_blocks() {
    let _alone = alone().await;
    let attempt = run(&mut shell(), &bash("b", "true\nnosuchcommand_here")).await;
    assert!(attempt.stderr.utf8().contains("line 2"), "{attempt:?}");
}

#[tokio::test]
async fn a_very_long_block_runs() {
    let _alone = alone().await;
    let code = format!(
        "echo start\n{}\nexport Z=9; echo end",
        "# comment\n".repeat(30_000)
    );
    let mut shell = shell();
    assert_eq!(stdout(&mut shell, &code).await, "start\nend\n");
    assert_eq!(stdout(&mut shell, "echo $Z").await, "9\n");
}

#[tokio::test]
async fn standard_input_is_empty() {
    let _alone = alone().await;
    assert_eq!(
        stdout(&mut shell(), "read line || echo nothing").await,
        "nothing\n"
    );
}

#[tokio::test]
async fn at_the_deadline_all_of_it_ends_other_sessions_and_stubborn_ones_included() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let code = format!(
        "trap '' TERM INT\nsetsid bash -c 'trap \"\" TERM HUP; echo $$ >{0}; while :; do sleep 1; done' &\nwhile :; do sleep 1; done",
        file.display()
    );
    let attempt = run(
        &mut shell(),
        &Invocation {
            deadline: Duration::from_secs(1),
            ..bash("b", &code)
        },
    )
    .await;
    assert_eq!(attempt.ending, Ending::TimedOut);
    assert!(!is_alive(pid_in(&file).await));
}

#[tokio::test]
async fn an_orphan_without_our_mark_is_ended_too() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let code = format!(
        "env -i setsid bash -c 'echo $$ >{} ; exec sleep 1000' >/dev/null 2>&1 &\nsleep 1000",
        file.display()
    );
    run(
        &mut shell(),
        &Invocation {
            deadline: Duration::from_secs(1),
            ..bash("b", &code)
        },
    )
    .await;
    assert!(!is_alive(pid_in(&file).await));
}

#[tokio::test]
async fn a_child_that_holds_the_pipe_does_not_hold_up_the_block_and_goes_with_the_session() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut shell = shell();
    let attempt = run(
        &mut shell,
        &bash(
            "starter",
            &format!("sleep 1000 &\necho $! >{}", file.display()),
        ),
    )
    .await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(0)));
    let pid = pid_in(&file).await;
    assert!(is_alive(pid));
    let left = shell.end_session().await;
    assert_eq!(left, [format!("sleep 1000 (pid {pid}), left by `starter`")]);
    assert!(!is_alive(pid));
    assert_eq!(shell.end_session().await, [""; 0]);
}

#[tokio::test]
async fn closed_streams_and_bytes_that_are_no_text_stop_nothing() {
    let _alone = alone().await;
    let attempt = run(
        &mut shell(),
        &bash("b", r"printf 'a\xff\xfe'; exec >&- 2>&-; exit 5"),
    )
    .await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(5)));
    assert_eq!(attempt.stdout.utf8(), "a\u{fffd}\u{fffd}");
}

#[tokio::test]
async fn an_endless_block_is_stopped_after_its_time_of_output() {
    let _alone = alone().await;
    let endless = Invocation {
        endless: Some(Duration::from_millis(200)),
        ..bash("b", "while :; do echo x; sleep 0.01; done")
    };
    let attempt = run(&mut shell(), &endless).await;
    assert_eq!(attempt.ending, Ending::Stopped);
    assert!(!attempt.stdout.head.is_empty());
    let silent = Invocation {
        code: "sleep 1000".to_owned(),
        deadline: Duration::from_millis(700),
        ..endless
    };
    assert_eq!(run(&mut shell(), &silent).await.ending, Ending::TimedOut);
}

#[tokio::test]
async fn a_stop_from_elsewhere_ends_it() {
    let _alone = alone().await;
    for is_cancel in [true, false] {
        let stop = Stop::default();
        let asked = stop.clone();
        let mut printed = |_: Stream, _: &[u8]| {
            if is_cancel {
                asked.cancel.cancel();
            } else {
                asked.enough.cancel();
            }
        };
        let attempt = shell()
            .run(&bash("b", "echo go; sleep 1000"), &stop, &mut printed)
            .await
            .unwrap();
        assert_eq!(
            attempt.ending,
            if is_cancel {
                Ending::Cancelled
            } else {
                Ending::Stopped
            }
        );
    }
}

#[tokio::test]
async fn background_blocks_run_beside_and_are_ended() {
    let _alone = alone().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut shell = shell();
    shell
        .start_background(&bash(
            "server",
            &format!("echo hi; echo $$ >{}; exec sleep 1000", file.display()),
        ))
        .await
        .unwrap();
    shell
        .start_background(&bash("quick", "exit 7"))
        .await
        .unwrap();
    let pid = pid_in(&file).await;
    assert_eq!(stdout(&mut shell, "echo beside").await, "beside\n");
    assert!(is_alive(pid), "a foreground block's end must not end it");
    let quick = shell
        .wait_background("quick", SOON, &Stop::default())
        .await
        .unwrap();
    assert_eq!(quick.ending, Ending::Exited(ExitStatus::Code(7)));
    assert!(
        shell
            .wait_background("nobody", SOON, &Stop::default())
            .await
            .is_err()
    );
    let ended = shell.stop_background().await;
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (ended[0].0.as_str(), ended[0].1.ending),
        ("server", Ending::Stopped)
    );
    assert_eq!(ended[0].1.stdout.utf8(), "hi\n");
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_foreground_deadline_spares_the_background() {
    let _alone = alone().await;
    let mut shell = shell();
    shell
        .start_background(&bash("server", "env -i sleep 1000"))
        .await
        .unwrap();
    run(
        &mut shell,
        &Invocation {
            deadline: Duration::from_millis(300),
            ..bash("b", "sleep 1000")
        },
    )
    .await;
    let ended = shell.stop_background().await;
    assert_eq!(
        ended[0].1.ending,
        Ending::Stopped,
        "it lived until it was stopped"
    );
}

#[tokio::test]
async fn other_interpreters_get_a_file_and_unknown_languages_print_themselves() {
    let _alone = alone().await;
    let python = Invocation {
        program: Program::Interpreter {
            command: vec!["python3".into()],
            suffix: ".py".to_owned(),
        },
        ..bash("b", "print(6 * 7)")
    };
    assert_eq!(run(&mut shell(), &python).await.stdout.utf8(), "42\n");
    let yaml = Invocation {
        program: Program::Print,
        ..bash("b", "a: 1")
    };
    assert_eq!(run(&mut shell(), &yaml).await.stdout.utf8(), "a: 1\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let _alone = alone().await;
    let missing = Invocation {
        program: Program::Shell(vec!["nosuchshell".into()]),
        ..bash("b", "true")
    };
    let error = shell()
        .run(&missing, &Stop::default(), &mut |_: Stream, _: &[u8]| ())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot start `nosuchshell` for block `b`"
    );
}
