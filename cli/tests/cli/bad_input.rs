//! What bad input gets: a clear message, the right exit code, nothing left running.

use std::fs;

use crate::page::{Page, Say};

#[test]
fn what_is_no_runbook_is_refused_with_what_is_wrong() {
    for (text, expected) in [
        ("", "no code blocks"),
        ("# Title\n\nOnly prose.\n", "no code blocks"),
    ] {
        Page::of(text).verify().code(2).says(expected);
    }
    let page = Page::new();
    fs::write(page.folder().join("binary.md"), [0x23, 0x0a, 0xff, 0x00]).unwrap();
    page.labctl(&["verify", "binary.md"])
        .said()
        .code(2)
        .says("byte 2 is not UTF-8");
    page.labctl(&["verify", "."])
        .said()
        .code(2)
        .says(". is a folder");
    page.labctl(&["verify", "gone.md"])
        .said()
        .code(2)
        .says("no file `gone.md`");
    page.labctl(&["verify", "binary"])
        .said()
        .code(2)
        .says("no lab named `binary`; did you mean the file `binary.md`?");
}

#[test]
fn a_command_missing_for_a_later_page_is_said_before_any_page_is_played() {
    let later = "```bash\nfrobnicate-really\n```\n";
    let page = Page::new()
        .block("one", "touch ran")
        .file("later.md", later);
    page.labctl(&["verify", "page.md", "later.md"])
        .said()
        .code(3)
        .says("later.md:2");
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn a_part_without_labs_says_how_many_there_are() {
    Page::new()
        .block("one", "true")
        .labctl(&["verify", "page.md", "--partition", "2/2"])
        .said()
        .code(3)
        .says("--partition 2/2 has no lab: there is 1 in all");
}

#[test]
fn a_report_that_cannot_be_written_does_not_lose_the_verdict() {
    Page::new()
        .block("bad", "false")
        .labctl(&["verify", "page.md", "--report", "json=no/such/folder/x"])
        .said()
        .code(3)
        .says("failed page.md:3 bad: exit == 0: it was 1")
        .says("cannot write no/such/folder/x");
}

#[test]
fn what_cannot_be_written_to_a_full_disk_is_no_success_and_a_reader_that_left_is_no_failure() {
    let page = Page::new().block("one", "echo hi");
    let typed = |arguments: &str, sink: &str| {
        let mut command = page.labctl(&[]);
        let labctl = command.get_program().to_owned();
        command = assert_cmd::Command::new("bash");
        command
            .current_dir(page.folder())
            .env_remove("CI")
            .arg("-c")
            .arg(format!("\"$0\" {arguments} {sink}"))
            .arg(labctl);
        command.said()
    };
    for arguments in ["list page.md", "list page.md --json", "verify page.md"] {
        typed(arguments, ">/dev/full")
            .code(3)
            .says("cannot write standard output: No space left");
        typed(arguments, "| true; exit ${PIPESTATUS[0]}").passes();
    }
}
