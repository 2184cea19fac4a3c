//! Snapshots as a person meets them: recorded by `verify`, settled by `labctl review`.

use std::fs;

use crate::page::{Page, Say};

/// A page whose block's output is to be recorded, beside its folder of snapshots.
fn recorded(code: &str) -> Page {
    Page::new()
        .block("one", code)
        .expect("snapshot stdout")
        .file("page.snapshots/.keep", "")
}

#[test]
fn what_verify_records_is_listed_accepted_and_from_then_on_compared() {
    let page = recorded("cat text").file("text", "one\n");
    page.verify()
        .code(1)
        .says("its snapshot has not been accepted yet");
    page.labctl(&["review", "page.md"])
        .said()
        .code(1)
        .says("+one")
        .says("`labctl review page.md --accept`");
    page.labctl(&["review", "page.md", "--accept"])
        .said()
        .passes()
        .says("accepted 1 snapshot");
    page.verify().passes();
    fs::write(page.folder().join("text"), "two\n").unwrap();
    page.verify().code(1).says("-one").says("+two");
    page.labctl(&["review", "page.md", "--reject"])
        .said()
        .passes();
    page.labctl(&["review", "page.md"])
        .said()
        .passes()
        .says("nothing is pending");
    page.verify().code(1);
}

#[test]
fn with_ci_set_nothing_is_recorded_and_the_verdict_says_so() {
    let page = recorded("echo one");
    page.labctl(&["verify", "page.md"])
        .env("CI", "true")
        .said()
        .code(1)
        .says("`CI` is set");
    assert!(!page.folder().join("page.snapshots/one.snap.new").exists());
}

#[test]
fn a_file_that_is_no_snapshot_is_named_and_is_no_verdict() {
    let page = recorded("echo one").file("page.snapshots/one.snap", "garbage");
    page.verify()
        .code(3)
        .says("page.snapshots/one.snap is not a snapshot");
}

#[test]
fn a_secret_is_masked_in_the_table_the_reports_and_the_snapshot() {
    let page = recorded("echo \"token $API_TOKEN\" | tee /dev/stderr; test ! -e fail");
    let verify = || {
        page.labctl(&["verify", "-v", "page.md", "--report", "json=r.json"])
            .arg("--report=junit=r.xml")
            .env("API_TOKEN", "s3cr3t-value")
            .said()
            .code(1)
    };
    let said = verify();
    fs::write(page.folder().join("fail"), "").unwrap();
    let failed = verify();
    let read = |name: &str| fs::read_to_string(page.folder().join(name)).unwrap();
    for text in [
        said.stdout,
        said.stderr,
        failed.stdout,
        failed.stderr,
        read("r.json"),
        read("r.xml"),
        read("page.snapshots/one.snap.new"),
    ] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}
