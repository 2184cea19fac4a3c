//! `labctl run`.

use crate::page::{Page, Say};

#[test]
fn one_block_prints_its_own_output_and_nothing_else() {
    let said = Page::new()
        .block("hi", "echo hello; echo oops >&2")
        .run(&["hi"])
        .passes();
    assert_eq!(said.stdout, "hello\n");
    assert_eq!(said.stderr, "oops\n");
}

#[test]
fn the_exit_code_is_the_blocks_own() {
    let page = Page::new()
        .block("three", "exit 3")
        .block("killed", "kill -9 $$")
        .block("hang", "sleep 100")
        .expect("timeout 1s")
        .block("ok", "true");
    page.run(&["three"]).code(3);
    page.run(&["killed"]).code(137);
    page.run(&["hang"]).code(124);
    page.run(&["ok", "three", "killed"]).code(3);
}

#[test]
fn blocks_are_played_in_the_order_given_with_one_environment() {
    let page = Page::new()
        .block("b", "echo \"got $X\"")
        .block("a", "export X=1");
    assert_eq!(page.run(&["a", "b"]).passes().stdout, "got 1\n");
    assert_eq!(page.run(&["b", "a"]).passes().stdout, "got \n");
}

#[test]
fn an_unknown_block_is_answered_with_the_nearest_and_its_line() {
    Page::new()
        .block("first-read-miss", "true")
        .run(&["first-read-mis"])
        .code(2)
        .says("no block named `first-read-mis`")
        .says("first-read-miss")
        .says("page.md:3");
}

#[test]
fn all_and_tag_choose_blocks() {
    let page = Page::new()
        .fence(r#"bash {"name": "a", "tag": "x"}"#, "echo a")
        .fence(r#"bash {"name": "b", "excludeFromRunAll": true}"#, "echo b")
        .block("c", "echo c");
    assert_eq!(
        page.labctl(&["run", "page.md", "--all"])
            .said()
            .passes()
            .stdout,
        "a\nc\n"
    );
    assert_eq!(
        page.labctl(&["run", "page.md", "--tag", "x"])
            .said()
            .passes()
            .stdout,
        "a\n"
    );
    page.labctl(&["run", "page.md", "--tag", "nothing"])
        .said()
        .code(2);
    page.labctl(&["run", "page.md"])
        .said()
        .code(2)
        .says("--all");
}

#[test]
fn nothing_can_be_piped_into_a_block() {
    Page::new()
        .block("read", "read line || echo nothing")
        .labctl(&["run", "page.md", "read"])
        .write_stdin("text\n")
        .said()
        .passes()
        .says("nothing");
}

#[test]
fn python_runs_by_its_interpreter_and_yaml_prints_itself() {
    let page = Page::new()
        .fence(r#"python {"name": "py"}"#, "print(6 * 7)")
        .fence(r#"yaml {"name": "config"}"#, "a: 1");
    assert_eq!(page.run(&["py"]).passes().stdout, "42\n");
    assert_eq!(page.run(&["config"]).passes().stdout, "a: 1\n");
}

#[test]
fn blocks_start_in_the_runbooks_folder_or_where_cwd_says() {
    let page = Page::of("---\ncwd: sub\n---\n")
        .block("where", "basename \"$PWD\"")
        .file("sub/x", "")
        .file("other/x", "");
    assert_eq!(page.run(&["where"]).passes().stdout, "sub\n");
    assert_eq!(
        page.labctl(&["run", "page.md", "where", "--cwd", "other"])
            .said()
            .passes()
            .stdout,
        "other\n"
    );
}

#[test]
fn what_runme_users_type_is_understood() {
    let page = Page::new()
        .fence("bash {\"name\": \"a\", \"category\": \"x\"}", "echo one")
        .block("b", "echo two");
    for args in [
        &["run", "page.md", "-c", "x", "-y"][..],
        &["exec", "page.md", "a", "--skip-prompts"],
    ] {
        let said = page.labctl(args).said().passes();
        assert_eq!(said.stdout, "one\n", "{args:?}");
    }
    page.labctl(&["ls", "page.md"]).said().passes();
}
