//! What every shell must do.

use std::{collections::BTreeMap, time::Duration};

use labctl_runbook::ExitStatus;

use super::{Ending, Invocation, Program, Shell, ShellError, Stop};
use crate::Stream;

pub(super) const LONG: Duration = Duration::from_mins(1);
pub(super) const SHORT: Duration = Duration::from_millis(500);

pub(super) fn block(name: &str, code: &str) -> Invocation {
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

/// Holds a shell to what [`Shell`] promises: the code is for a real one, the names are for a fake one's script.
pub(crate) async fn shell_keeps_its_contract(shell: &mut impl Shell) {
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
