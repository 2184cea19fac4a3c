//! `labctl init`, and what a person does next.

use crate::page::{Page, Say};

#[test]
fn a_new_lab_has_no_findings_and_is_never_written_over() {
    let page = Page::new();
    page.labctl(&["init", "51-leader-election"])
        .said()
        .passes()
        .says("labctl verify 51-leader-election");
    page.labctl(&["lint", "51"])
        .said()
        .passes()
        .says("0 errors, 0 warnings");
    page.labctl(&["verify", "51", "--dry-run"])
        .said()
        .passes()
        .says("brings the lab up")
        .says("takes the lab down");
    page.labctl(&["init", "51-leader-election"])
        .said()
        .code(2)
        .says("is already there; nothing was written");
    page.labctl(&["init", "../escape"])
        .said()
        .code(2)
        .says("cannot be a lab's name");
}

#[test]
fn without_docker_the_new_lab_cannot_be_judged_and_says_what_is_missing() {
    let page = Page::new();
    page.labctl(&["init", "51-leader-election"]).said().passes();
    page.labctl(&["verify", "51"])
        .env("PATH", page.folder())
        .said()
        .code(3)
        .says("docker");
}

#[test]
fn block_names_are_completed_wherever_options_stand() {
    let page = Page::new().block("alpha", "true").block("beta", "true");
    page.labctl(&["list", "page.md"]).said().passes();
    for words in [
        &["run", "page.md", "al"][..],
        &["run", "--dry-run", "page.md", "al"],
        &["run", "--timeout", "3s", "page.md", "al"],
    ] {
        let said = page
            .labctl(&["--", "labctl"])
            .args(words)
            .env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
            .env("_CLAP_IFS", "\n")
            .said()
            .passes();
        assert_eq!(said.stdout, "alpha", "{words:?}");
    }
}
