//! `labctl list`.

use crate::page::{Page, Say};

#[test]
fn a_block_is_listed_with_runmes_fields_and_ours() {
    let page = Page::new().text("\nSay hello:\n").fence(
        r#"bash {"name": "greet", "background": true, "tag": "a,b"}"#,
        "$ echo hello # loudly",
    );
    let said = page.labctl(&["list", "page.md", "--json"]).said().passes();
    insta::assert_snapshot!(said.stdout, @r#"
    [
      {
        "name": "greet",
        "file": "page.md",
        "first_command": "echo hello",
        "description": "Say hello.",
        "named": true,
        "run_all": true,
        "language": "bash",
        "line": 5,
        "background": true,
        "tags": [
          "a",
          "b"
        ],
        "code": "echo hello # loudly"
      }
    ]
    "#);
}

#[test]
fn without_a_terminal_the_fields_are_separated_by_tabs() {
    let said = Page::new()
        .block("one", "true")
        .expect("stdout == \"\"")
        .labctl(&["list", "page.md"])
        .said()
        .passes();
    insta::assert_snapshot!(said.stdout, @r"
    NAME	LINE	LANGUAGE	BACKGROUND	EXPECTS	FIRST COMMAND
    one*	3	bash		1 claim	true
    ");
}

#[test]
fn the_labs_of_a_checkout_are_listed_from_any_folder_below_it() {
    let page = Page::new()
        .file(
            "runbooks/08-cache-aside.md",
            "# Lab 08\n\n```bash\ntrue\n```\n",
        )
        .file("a/b/c", "");
    let said = page
        .labctl(&["list"])
        .current_dir(page.folder().join("a/b"))
        .said()
        .passes();
    insta::assert_snapshot!(said.stdout, @r"
    LAB	TITLE	BLOCKS	FILE
    08-cache-aside	Lab 08	1	../../runbooks/08-cache-aside.md
    ");
}

#[test]
fn an_unknown_lab_is_answered_with_the_nearest() {
    let page = Page::new().file("runbooks/08-cache-aside.md", "");
    page.labctl(&["list", "cache-asid"])
        .said()
        .code(2)
        .says("no lab named `cache-asid`; did you mean `cache-aside`?");
    page.labctl(&["list", "nowhere.md"])
        .said()
        .code(2)
        .says("no file `nowhere.md`");
    Page::new()
        .labctl(&["list"])
        .said()
        .code(2)
        .says("no labs here");
}

#[test]
fn what_is_no_runbook_is_said_with_its_reason() {
    let page = Page::of("");
    page.labctl(&["list", "page.md"])
        .said()
        .code(2)
        .says("page.md has no code blocks");
    std::fs::write(page.folder().join("binary.md"), b"# ok\n\xff\xfe\0").unwrap();
    page.labctl(&["list", "binary.md"])
        .said()
        .code(2)
        .says("binary.md is not a text file: byte 5 is not UTF-8");
}

#[test]
fn a_block_is_printed_as_it_would_be_run_or_as_it_stands() {
    let page = Page::new().fence("sh {\"name\": \"ask\"}", "$ echo a  \n$ echo b\n");
    let print = |args: &[&str]| page.labctl(&[&["print", "page.md"], args].concat()).said();
    assert_eq!(print(&["ask"]).passes().stdout, "echo a\necho b\n");
    assert_eq!(print(&["ask", "-n"]).passes().stdout, "echo a\necho b");
    assert_eq!(
        print(&["ask", "--raw"]).passes().stdout,
        "```sh {\"name\": \"ask\"}\n$ echo a  \n$ echo b\n\n```\n"
    );
    print(&[])
        .code(2)
        .says("which block? `labctl list page.md` shows them");
    print(&["aks"]).code(2).says("did you mean `ask` (line 3)?");
}
