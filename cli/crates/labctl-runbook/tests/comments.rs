//! What is said of comments that nearly claim something about a block.

use labctl_runbook::{Runbook, Severity};

const FENCE: &str = "```sh {\"name\": \"a\"}\nx\n```\n";

/// Findings below one block, each as `code: place`.
#[track_caller]
fn check_found(after: &str, expected: &[&str]) {
    check_document(&format!("{FENCE}{after}"), expected);
}

#[track_caller]
fn check_document(source: &str, expected: &[&str]) {
    let runbook = Runbook::parse(source);
    let found: Vec<_> = runbook
        .diagnostics
        .iter()
        .map(|finding| {
            let level = match finding.severity {
                Severity::Error => "",
                Severity::Warning => "warning ",
            };
            format!("{level}{}: {}", finding.code, &source[finding.span.range()])
        })
        .collect();
    assert_eq!(found, expected, "{source}");
    assert!(
        runbook
            .blocks
            .iter()
            .all(|block| block.expectations.until.is_none())
    );
}

#[test]
fn a_comment_without_a_block_is_an_error() {
    check_document(
        "<!-- expect exit == 0 -->\n",
        &["unattached-comment: <!-- expect"],
    );
    for between in [
        "text\n\n",
        "# Heading\n",
        "---\n",
        "- item\n",
        "<br>\n",
        "<details>\n\n",
        "![x](y)\n",
        "- ",
    ] {
        check_found(
            &format!("{between}<!-- expect exit == 0 -->\n"),
            &["unattached-comment: <!-- expect"],
        );
    }
    check_found(
        "<!-- note --> text\n<!-- expect exit == 0 -->\n",
        &["unattached-comment: <!-- expect"],
    );
    check_found(
        "Text <!-- expect exit == 0 --> more\n",
        &["unattached-comment: <!-- expect"],
    );
    check_found(
        "Text <!-- expect\nexit == 0 -->\n",
        &["unattached-comment: <!-- expect"],
    );
    check_found(
        "- tight <!-- expect exit == 0 -->\n",
        &["unattached-comment: <!-- expect"],
    );
    check_found(
        "# H <!-- expect exit == 0 -->\n",
        &["unattached-comment: <!-- expect"],
    );
}

#[test]
fn a_comment_below_a_dropped_block_is_an_error() {
    check_document(
        &format!("{FENCE}```mermaid\ng\n```\n<!-- expect exit == 0 -->\n"),
        &["unattached-comment: <!-- expect"],
    );
}

#[test]
fn a_misspelt_opener_is_an_error() {
    check_found(
        "<!-- expct exit == 0 -->\n",
        &["unknown-comment: <!-- expct"],
    );
    check_found(
        "<!-- Expect\nexit == 0\n-->\n",
        &["unknown-comment: <!-- Expect"],
    );
    check_found(
        "<!-- expect: exit == 0 -->\n",
        &["unknown-comment: <!-- expect"],
    );
    check_found(
        "<!--- expect exit == 0 -->\n",
        &["unknown-comment: <!--- expect"],
    );
    check_found(
        "<!-- expected soon: more -->\n",
        &["unknown-comment: <!-- expected"],
    );
    check_found(
        "Text <!-- expects exit == 0 -->\n",
        &["unknown-comment: <!-- expects"],
    );
    check_found(
        "<!-- other --><!-- xpect exit == 0 -->\n",
        &["unknown-comment: <!-- xpect"],
    );
}

#[test]
fn ordinary_comments_are_left_alone() {
    check_found(
        "<!-- note -->\n<!---->\n<!-->\n<!--->\nText <!-- x -->\n<!-- we expect more -->\n",
        &[],
    );
    check_found(
        "`<!-- expect`\n\n```md\n<!-- expect exit == 0 -->\n```\n\\<!-- expect\n",
        &[],
    );
}

#[test]
fn text_after_the_comment_on_its_line_is_an_error() {
    check_found(
        "<!-- expect\nexit == 0\n--> and\n",
        &["text-after-comment: and"],
    );
    check_found(
        "<!-- expect -->exit == 0\n",
        &[
            "warning empty-comment: <!-- expect",
            "text-after-comment: exit == 0",
        ],
    );
}

#[test]
fn a_comment_cut_short_by_its_own_ending_is_an_error() {
    check_found(
        "<!-- expect\nexit == 0\nstdout contains \"-->\"\nexit == 0\n-->\n",
        &[
            "comment-cut-short: stdout contains \"-->\"",
            "comment-cut-short: exit == 0",
        ],
    );
    check_found(
        "<!-- expect exit == 0 # a --> b\n",
        &["comment-cut-short: exit == 0 # a --> b"],
    );
    check_found(
        "<!-- expect\nexit == 0 # so -->\nstdout exists\n-->\n",
        &["comment-cut-short: stdout exists"],
    );
}

#[test]
fn a_comment_that_is_never_closed_is_an_error() {
    check_found(
        "<!-- expect\nexit == 0\n\n```sh\ny\n```\n",
        &["unclosed-comment: <!-- expect"],
    );
    check_found(
        "Text <!-- expect exit == 0\n",
        &["unclosed-comment: <!-- expect exit == 0"],
    );
    check_found("<!-- note\n", &["warning unclosed-comment: <!-- note"]);
    check_document(
        "- ```sh\n  x\n  ```\n  <!-- expect\nexit == 0\n-->\n",
        &[
            "unclosed-comment: <!-- expect",
            "comment-cut-short: exit == 0",
        ],
    );
}

#[test]
fn a_comment_that_is_code_is_an_error() {
    check_found(
        "\n    <!-- expect exit == 0 -->\n",
        &["unattached-comment: <!-- expect exit == 0 -->"],
    );
    check_document(
        "```sh\nx\n<!-- expect exit == 0 -->\n",
        &["unclosed-fence: ```sh"],
    );
    check_document("```sh\nx\n", &["warning unclosed-fence: ```sh"]);
}

#[test]
fn an_empty_comment_is_a_warning() {
    check_found("<!-- expect -->\n", &["warning empty-comment: <!-- expect"]);
}
