//! `labctl lint`.

use serde_json::Value;

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

#[test]
fn findings_are_printed_for_other_programs_too() {
    let page = Page::new()
        .block("q", "true")
        .expect("stdout not contains \"é\"\nstdot == 1");
    let print = |format: &str| {
        let said = page
            .labctl(&["lint", "page.md", "--format", format])
            .said()
            .code(2);
        assert_eq!(said.stderr, "");
        said.stdout
    };
    let json: Value = serde_json::from_str(&print("json")).unwrap();
    let codes: Vec<_> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["code"])
        .collect();
    assert_eq!(codes, ["vacuous-claim", "unknown-word"]);
    assert_eq!(json[0]["line"], 7);
    assert_eq!(
        (&json[0]["column"], &json[0]["end_column"]),
        (&1.into(), &24.into())
    );
    assert_eq!(json[1]["help"], "did you mean `stdout`?");

    let sarif: Value = serde_json::from_str(&print("sarif")).unwrap();
    let results = &sarif["runs"][0]["results"];
    assert_eq!(results[1]["ruleId"], "unknown-word");
    assert_eq!(results[1]["level"], "error");
    assert_eq!(
        results[1]["locations"][0]["physicalLocation"]["region"]["startLine"],
        8
    );

    let github = print("github");
    let lines: Vec<_> = github.lines().collect();
    assert!(
        lines[0].starts_with("::warning file=page.md,line=7,title=vacuous-claim::"),
        "{github}"
    );
    assert_eq!(
        lines[1],
        "::error file=page.md,line=8,title=unknown-word::unknown word `stdot`; did you mean `stdout`?"
    );
}
