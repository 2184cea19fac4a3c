//! What every shell must do, and what only processes can get wrong.

use std::{collections::BTreeMap, ffi::OsString, time::Duration};

use labctl_runbook::ExitStatus;

use super::{Attempt, Ending, Invocation, ProcessShell, Program, Shell, ShellError, Stop};
use crate::Stream;

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(500);

fn block(name: &str, code: &str) -> Invocation {
    Invocation {
        block: name.to_owned(),
        program: Program::Shell(vec!["bash".into()]),
        code: code.to_owned(),
        cwd: "/".into(),
        env: BTreeMap::new(),
        deadline: LONG,
        endless: None,
        is_interactive: false,
        shares_state: false,
    }
}

/// The contract: the code for the real shell, the same name in the fake one's script.
async fn keeps_the_contract(mut shell: impl Shell) {
    let stop = Stop::default();
    let mut pieces = Vec::new();
    let attempt = shell
        .run(
            &block("fails", "echo out; echo err >&2; exit 3"),
            &stop,
            &mut |stream, bytes| {
                pieces.push((stream, bytes.to_vec()));
            },
        )
        .await
        .unwrap();
    pieces.sort_by_key(|(stream, _)| *stream == Stream::Stderr);
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(3)));
    assert_eq!(attempt.stdout.head, b"out\n");
    assert_eq!(attempt.stderr.head, b"err\n");
    assert_eq!(
        pieces,
        [
            (Stream::Stdout, b"out\n".to_vec()),
            (Stream::Stderr, b"err\n".to_vec())
        ]
    );

    let endless = |name| block(name, "echo begun; sleep 1000");
    let short = Invocation {
        deadline: SHORT,
        ..endless("endless")
    };
    let attempt = shell.run(&short, &stop, &mut |_, _| {}).await.unwrap();
    assert_eq!(attempt.ending, Ending::TimedOut);
    assert_eq!(attempt.stdout.head, b"begun\n");

    let watched = Invocation {
        endless: Some(SHORT),
        ..endless("endless")
    };
    let attempt = shell.run(&watched, &stop, &mut |_, _| {}).await.unwrap();
    assert_eq!(attempt.ending, Ending::Stopped);

    let signals = Stop::default();
    let attempt = shell
        .run(&endless("endless"), &signals, &mut |_, _| {
            signals.enough.cancel();
        })
        .await
        .unwrap();
    assert_eq!(attempt.ending, Ending::Stopped);
    let signals = Stop::default();
    let attempt = shell
        .run(&endless("endless"), &signals, &mut |_, _| {
            signals.cancel.cancel();
        })
        .await
        .unwrap();
    assert_eq!(attempt.ending, Ending::Cancelled);

    let missing = shell.wait_background("missing", LONG, &stop).await;
    assert!(matches!(missing, Err(ShellError::NoSuchBackground(name)) if name == "missing"));
    shell.start_background(&endless("endless")).await.unwrap();
    shell
        .start_background(&block("fails", "echo out; echo err >&2; exit 3"))
        .await
        .unwrap();
    let attempt = shell.wait_background("fails", LONG, &stop).await.unwrap();
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(3)));
    assert_eq!(attempt.stdout.head, b"out\n");
    let stopped = shell.stop_background().await;
    let endings: Vec<_> = stopped
        .iter()
        .map(|(name, attempt)| (name.as_str(), attempt.ending))
        .collect();
    assert_eq!(endings, [("endless", Ending::Stopped)]);
    assert!(shell.stop_background().await.is_empty());
    assert_eq!(shell.end_session().await, Vec::<String>::new());
}

fn real() -> ProcessShell {
    ProcessShell::new(Vec::new()).unwrap()
}

async fn run(shell: &mut ProcessShell, code: &str) -> Attempt {
    shell
        .run(&block("test", code), &Stop::default(), &mut |_, _| {})
        .await
        .unwrap()
}

async fn stdout(shell: &mut ProcessShell, code: &str) -> String {
    String::from_utf8_lossy(&run(shell, code).await.stdout.head).into_owned()
}

#[tokio::test]
async fn the_real_shell_keeps_the_contract() {
    keeps_the_contract(real()).await;
}

#[tokio::test]
async fn a_failing_command_ends_the_block() {
    let attempt = run(&mut real(), "false | true\necho no").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(1)));
    assert_eq!(attempt.stdout.head, b"");
}

#[tokio::test]
async fn messages_are_those_of_plain_bash() {
    let attempt = run(&mut real(), "true\n\nif fi").await;
    let text = String::from_utf8_lossy(&attempt.stderr.head).into_owned();
    assert!(
        text.starts_with("bash: -c: line 3: syntax error near unexpected token `fi'\n"),
        "{text}"
    );
}

#[tokio::test]
async fn exported_variables_are_carried_after_success_only() {
    let mut shell = real();
    run(
        &mut shell,
        "export A=$'x\\ny \\xff' B='q\"$`'; C=plain; unset HOME; cd /tmp",
    )
    .await;
    run(&mut shell, "export B=changed; false").await;
    let seen = stdout(
        &mut shell,
        "printf '%s|%s|%s|%s|%s' \"$A\" \"$B\" \"$C\" \"${HOME-unset}\" \"$PWD\" | od -An -c -w99",
    )
    .await;
    assert_eq!(
        seen.split_whitespace().collect::<String>(),
        "x\\ny377|q\"$`||unset|/"
    );
}

#[tokio::test]
async fn exports_survive_an_early_exit_and_a_trap_of_the_blocks_own() {
    let mut shell = real();
    assert_eq!(stdout(&mut shell, "export A=1; exit 0; echo no").await, "");
    assert_eq!(
        stdout(&mut shell, "trap 'echo bye' EXIT\nexport B=2").await,
        "bye\n"
    );
    assert_eq!(
        stdout(&mut shell, "trap 'echo bye' EXIT; export C=3; exit 0").await,
        "bye\n"
    );
    assert_eq!(
        stdout(
            &mut shell,
            "trap - EXIT; export D=4; f() { echo f$D; }; export -f f"
        )
        .await,
        ""
    );
    assert_eq!(stdout(&mut shell, "echo $A$B$C$D; f").await, "1234\nf4\n");
}

#[tokio::test]
async fn other_shells_carry_exports_too() {
    let mut shell = real();
    let mut invocation = block("sh", "export A=\"it's\"; trap 'echo bye' EXIT");
    invocation.program = Program::Shell(vec!["sh".into()]);
    let attempt = shell
        .run(&invocation, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap();
    assert_eq!(attempt.stdout.head, b"bye\n");
    assert_eq!(stdout(&mut shell, "echo \"$A\"").await, "it's\n");
}

#[tokio::test]
async fn a_block_sees_no_input_and_none_of_our_tricks() {
    let seen = stdout(
        &mut real(),
        "cat; declare -F; echo ${BASH_ENV-none} $LINENO",
    )
    .await;
    assert_eq!(seen, "none 1\n");
}

#[tokio::test]
async fn code_longer_than_an_argument_may_be_runs() {
    let code = format!("# {}\necho done", "x".repeat(300_000));
    assert_eq!(stdout(&mut real(), &code).await, "done\n");
}

#[tokio::test]
async fn an_interpreter_gets_a_file_and_an_unknown_language_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mut invocation = block("other", "x='it';\nprint(x)");
    invocation.cwd = folder.path().to_owned();
    invocation.program = Program::Interpreter {
        command: vec!["python3".into()],
        suffix: ".py".to_owned(),
    };
    let mut shell = real();
    let attempt = shell
        .run(&invocation, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap();
    assert_eq!(attempt.stdout.head, b"it\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    invocation.program = Program::Print;
    let attempt = shell
        .run(&invocation, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap();
    assert_eq!(attempt.stdout.head, b"x='it';\nprint(x)\n");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_that_names_it() {
    let mut invocation = block("x", "");
    invocation.program = Program::Shell(vec![OsString::from("no-such-shell")]);
    let error = real()
        .run(&invocation, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot start `no-such-shell` for block `x`"
    );
}

/// Whether nothing runs any more whose command line holds this text.
fn is_gone(text: &str) -> bool {
    let folders = std::fs::read_dir("/proc").unwrap().flatten();
    !folders
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(text))
}

#[tokio::test]
async fn what_a_block_leaves_lives_until_the_session_ends() {
    let mut shell = real();
    let attempt = run(&mut shell, "sleep 4711.01 & disown; echo started").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(0)));
    assert_eq!(attempt.stdout.head, b"started\n");
    assert!(!is_gone("sleep\x004711.01"));
    let ended = shell.end_session().await;
    assert!(ended[0].ends_with("), left by `test`"), "{ended:?}");
    assert!(is_gone("sleep\x004711.01"));
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
        let attempt = real()
            .run(&invocation, &Stop::default(), &mut |_, _| {})
            .await
            .unwrap();
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
    check_forks_away("4711.07", "exec >&- 2>&-; SLEEP &");
}

#[test]
fn a_process_that_forks_away_for_ever_is_caught() {
    check_forks_away(
        "4711.08",
        "trap '' TERM; run() { SLEEP & (sleep 0.01; run &) }; (run) &\nsleep 0.2; kill %1 || :",
    );
}

#[tokio::test]
async fn a_block_that_kills_its_shell_is_ended_by_a_signal() {
    let attempt = run(&mut real(), "kill -9 $$").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Signal(9)));
}

#[tokio::test]
async fn output_without_end_is_kept_in_part_and_stopped() {
    let watched = Invocation {
        endless: Some(SHORT),
        ..block("yes", "yes")
    };
    let attempt = real()
        .run(&watched, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap();
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
    let attempt = real()
        .run(&watched, &Stop::default(), &mut |_, _| {})
        .await
        .unwrap();
    assert_eq!(attempt.ending, Ending::TimedOut);
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
        shell
            .run(&short, &Stop::default(), &mut |_, _| {})
            .await
            .unwrap();
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
