//! `labctl record`: a page that nobody has edited, from its first run to its first lie.

use std::fs;

use crate::page::{Page, Say};

const UUID: &str = "cat /proc/sys/kernel/random/uuid";

fn page() -> Page {
    Page::new()
        .block("health", "echo '{\"status\": \"ok\"}'")
        .block("create", &format!("jq -n --arg id $({UUID}) '{{id: $id, owner: \"550e8400-e29b-41d4-a716-446655440000\"}}'"))
        .block("log", &format!("echo \"made $({UUID}) in 3 steps\""))
        .block("quiet", "true")
        .block("dice", "echo \"rolled $(cat /proc/sys/kernel/random/boot_id | head -c 3)x$RANDOM\"")
}

#[test]
fn a_page_without_a_comment_is_recorded_reviewed_and_then_judged() {
    let page = page();
    let said = page
        .labctl(&["record", "page.md", "-n", "3"])
        .said()
        .passes();
    let said = said
        .says("health\trecorded")
        .says("create\trecorded\tuuid in $.id\n")
        .says("log\trecorded\tuuid\n")
        .says("dice\tvaries\tline 1: `rolled ")
        .says("3 snapshots wait in page.snapshots; `labctl review page.md` shows them");
    assert!(!said.stdout.contains("quiet\t"), "{}", said.stdout);
    page.labctl(&["review", "page.md", "--accept"])
        .said()
        .passes()
        .says("accepted 3 snapshots");
    // What did not vary is not hidden.
    let created = fs::read_to_string(page.folder().join("page.snapshots/create.snap")).unwrap();
    assert!(
        created.contains("\"id\": \"[uuid]\",\n  \"owner\": \"550e8400-"),
        "{created}"
    );

    page.verify().passes().says("3/3");
    page.labctl(&["record", "page.md", "-n", "2"])
        .said()
        .passes()
        .says("create\tas accepted")
        .says("nothing new was recorded");

    // A lie: the service answers something else, of the same kind where it varies.
    let text = fs::read_to_string(page.folder().join("page.md")).unwrap();
    let lie = Page::of(&text.replace(
        "echo '{\"status\": \"ok\"}'",
        "echo '{\"status\": \"degraded\"}'",
    ));
    let snapshots = lie.folder().join("page.snapshots");
    fs::create_dir(&snapshots).unwrap();
    for file in fs::read_dir(page.folder().join("page.snapshots")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), snapshots.join(file.file_name())).unwrap();
    }
    lie.verify()
        .code(1)
        .says("-{\"status\": \"ok\"}")
        .says("+{\"status\": \"degraded\"}");
    // The rules go on with the pending file.
    lie.labctl(&["review", "page.md", "--accept"])
        .said()
        .passes();
    lie.verify().passes();
}

#[test]
fn what_is_pending_keeps_its_rules_until_it_is_accepted() {
    let page = Page::new()
        .block("log", &format!("echo \"made $({UUID})\""))
        .expect("snapshot stdout");
    page.labctl(&["record", "page.md"]).said().passes();
    page.verify().code(1);
    page.labctl(&["review", "page.md", "--accept"])
        .said()
        .passes();
    page.verify().passes().says("1/1");
}

#[test]
fn a_run_that_is_not_green_records_nothing() {
    let page = Page::new().block("good", "echo a").block("bad", "exit 3");
    page.labctl(&["record", "page.md"])
        .said()
        .code(1)
        .says("nothing was recorded");
    assert!(!page.folder().join("page.snapshots").exists());
    page.labctl(&["record", "page.md", "-n", "0"])
        .said()
        .code(2);
}

#[test]
fn snapshots_whose_block_is_gone_are_removed_when_asked() {
    let page = Page::new().block("old", "echo a").block("kept", "echo b");
    page.labctl(&["record", "page.md"]).said().passes();
    page.labctl(&["review", "page.md", "--accept"])
        .said()
        .passes();
    fs::copy(
        page.folder().join("page.snapshots/old.snap"),
        page.folder().join("page.snapshots/gone.snap"),
    )
    .unwrap();
    page.labctl(&["review", "page.md", "--prune"])
        .said()
        .passes()
        .says("removed page.snapshots/gone.snap\n");
    page.labctl(&["review", "page.md", "--prune"])
        .said()
        .passes()
        .says("every accepted snapshot belongs to a block");
    page.verify().passes().says("2/2");
}
