//! What is carried from block to block.

use labctl_runbook::ExitStatus;

use super::{play, real, run, stdout};
use crate::{Ending, Program, shell::contract::block};

#[tokio::test]
async fn what_is_exported_is_carried_after_success_only_and_nothing_else() {
    let mut shell = real();
    let code = "export A=$'x\\ny \\xff' B='q\"$`\n'; export C=plain; D=own; unset HOME; cd /tmp";
    run(&mut shell, code).await;
    run(&mut shell, "export B=changed; false").await;
    run(&mut shell, "unset C; exit 0; echo never").await;
    let code = "printf '%s|%s|%s|%s|%s|%s' \"$A\" \"$B\" \"${C-unset}\" \"${D-unset}\" \"${HOME-unset}\" \"$PWD\" | od -An -c -w99";
    let seen = stdout(&mut shell, code).await;
    assert_eq!(
        seen.split_whitespace().collect::<String>(),
        "x\\ny377|q\"$`\\n|unset|unset|unset|/"
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
async fn a_trap_of_the_blocks_own_keeps_its_status() {
    let attempt = run(&mut real(), "trap 'echo bye' EXIT\ntrue && false").await;
    assert_eq!(attempt.ending, Ending::Exited(ExitStatus::Code(1)));
    assert_eq!(attempt.stdout.head, b"bye\n");
}

#[tokio::test]
async fn other_shells_carry_exports_too() {
    let mut shell = real();
    let mut invocation = block("sh", "export A=\"it's\"; trap 'echo bye' EXIT");
    invocation.program = Program::Shell(vec!["sh".into()]);
    let attempt = play(&mut shell, &invocation).await;
    assert_eq!(attempt.stdout.head, b"bye\n");
    assert_eq!(stdout(&mut shell, "echo \"$A\"").await, "it's\n");
}
