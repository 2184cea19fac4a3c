//! The lines that are no claims.

use std::time::Duration;

use super::super::{Retry, Role, SnapshotMode};
use super::support::{read, wrong};

#[test]
fn directives_are_read() {
    let (read, diagnostics) = read(
        "timeout 90s\nretry 20 every 500ms\nredact timestamp in $.created_at\nredact uuid\nsnapshot stdout\nsnapshot stderr\n\
         skip \"two machines\"\nneeds start-lab\nneeds \"odd name\"\nrole on-demand\nuntil stdout contains \"ready\"",
    );
    assert_eq!(diagnostics, []);
    assert_eq!(read.timeout, Some(Duration::from_secs(90)));
    assert_eq!(
        read.retry,
        Some(Retry {
            attempts: 20,
            every: Duration::from_millis(500)
        })
    );
    assert_eq!(read.redactions[0].path.as_deref(), Some("$.created_at"));
    assert_eq!(read.snapshot, SnapshotMode::Both);
    assert_eq!(
        read.needs
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["start-lab", "odd name"]
    );
    assert_eq!(read.role, Some(Role::OnDemand));
    assert_eq!(read.until.unwrap().text, "stdout contains \"ready\"");
}

#[test]
fn wrong_directives_are_refused() {
    wrong(
        "retry 1 every 1s",
        "1",
        "1 attempts",
        "from 2 to 10000, the first one included",
    );
    wrong(
        "timeout soon",
        "soon",
        "`soon` is not a duration",
        "a number and its unit: `250ms`, `5s`, `2m`",
    );
    wrong(
        "skip",
        "",
        "why it is skipped, in double quotes, is missing here",
        "",
    );
    wrong(
        "exit == 0 exit == 1",
        "exit == 1",
        "nothing more belongs here, but there is `exit`",
        "one claim or directive a line; a reason goes after ` # `",
    );
    wrong(
        "redact number",
        "number",
        "`number` anywhere would hide too much",
        "say where: `redact number in $.count`",
    );
    wrong(
        "timeout 1s\ntimeout 2s",
        "timeout",
        "`timeout` was said before",
        "a block has one; take one of them out",
    );
    wrong(
        "snapshot off\nsnapshot stdout",
        "stdout",
        "recorded and not recorded",
        "keep `snapshot off`, or what is to be recorded",
    );
}
