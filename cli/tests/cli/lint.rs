//! `labctl lint`.

use crate::page::{Page, Say};

#[test]
fn a_claim_that_would_hold_of_silence_is_pointed_at() {
    Page::new()
        .block("quiet", "true")
        .expect("stdout not contains \"error\"")
        .labctl(&["lint", "page.md"])
        .said()
        .passes()
        .says("warning[vacuous-claim]")
        .says("page.md:7:1")
        .says("1 warning");
}

#[test]
fn an_error_is_exit_code_2_and_a_good_page_gets_no_word() {
    Page::new()
        .block("one", "true")
        .expect("stdot == \"x\"")
        .labctl(&["lint", "page.md"])
        .said()
        .code(2)
        .says("did you mean `stdout`?");
    Page::new()
        .block("one", "echo hi")
        .expect("stdout == \"hi\"")
        .labctl(&["lint", "page.md"])
        .said()
        .passes()
        .says("1 runbook, 0 errors, 0 warnings");
}

#[test]
fn what_will_not_be_judged_is_pointed_at_with_the_folders_looked_in() {
    Page::new()
        .block("read", "echo hi")
        .expect("snapshot stdout\nservice api state == \"running\"")
        .labctl(&["lint", "page.md"])
        .said()
        .passes()
        .says("there is no folder `page.snapshots`")
        .says("there is no Compose file in `")
        .says("2 warnings");
}
