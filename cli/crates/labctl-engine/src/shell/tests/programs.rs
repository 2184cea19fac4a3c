//! What runs the code, and what the code sees.

use std::ffi::OsString;

use labctl_runbook::ExitStatus;

use super::{play, real, run, stdout};
use crate::{Ending, Program, Shell, Stop, shell::contract::block};

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
    let attempt = run(&mut real(), "true\nno_such_command").await;
    let text = String::from_utf8_lossy(&attempt.stderr.head).into_owned();
    assert!(text.contains("line 2: no_such_command"), "{text}");
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
    let code = format!("{}export A=1\necho done", "# comment\n".repeat(30_000));
    let mut shell = real();
    assert_eq!(stdout(&mut shell, &code).await, "done\n");
    assert_eq!(stdout(&mut shell, "echo $A").await, "1\n");
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
    let attempt = play(&mut shell, &invocation).await;
    assert_eq!(attempt.stdout.head, b"it\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    invocation.program = Program::Print;
    let attempt = play(&mut shell, &invocation).await;
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
