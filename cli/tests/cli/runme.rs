//! Runme's rules, by their numbers in `docs/runme.md`, as far as they are about playing blocks; those about reading a page
//! are tested beside the code that reads.

use std::fs;

use crate::page::{Page, Say};

fn two() -> Page {
    Page::new().block("a", "echo one").block("b", "echo two")
}

#[test]
fn rule_6_1_names_are_exact_and_played_in_the_order_given() {
    assert_eq!(two().run(&["b", "a"]).passes().stdout, "two\none\n");
    two().run(&["A"]).code(2);
}

#[test]
fn rule_6_2_lab_and_block_may_be_one_word() {
    let page = two();
    fs::create_dir(page.folder().join("runbooks")).unwrap();
    page.labctl(&["list"]).said();
    fs::copy(
        page.folder().join("page.md"),
        page.folder().join("runbooks/08-demo.md"),
    )
    .unwrap();
    assert_eq!(
        page.labctl(&["run", "08/b"]).said().passes().stdout,
        "two\n"
    );
    assert_eq!(
        page.labctl(&["run", "demo/a"]).said().passes().stdout,
        "one\n"
    );
}

#[test]
fn rule_6_3_unnamed_blocks_are_played_under_their_generated_names() {
    let page = Page::new().fence("bash", "echo hello runme");
    assert_eq!(page.run(&["echo-hello"]).passes().stdout, "hello runme\n");
}

#[test]
fn rule_6_5_a_name_of_several_blocks_is_an_error_that_lists_them() {
    let page = Page::new()
        .block("x", "echo 1")
        .block("x", "echo 2")
        .block("x-2", "echo 3");
    page.run(&["x-2"])
        .code(2)
        .says("`x-2` names 2 blocks: line 7, line 11");
}

#[test]
fn rule_6_6_all_and_tag_leave_out_what_excludes_itself() {
    let page = Page::new()
        .fence("bash {\"name\": \"a\", \"tag\": \"t,u\"}", "echo a")
        .fence(
            "bash {\"name\": \"b\", \"tag\": \"t\", \"excludeFromRunAll\": true}",
            "echo b",
        )
        .fence("bash {\"name\": \"c\", \"category\": \"t\"}", "echo c")
        .block("d", "echo d");
    let play = |args: &[&str]| page.labctl(&[&["run", "page.md"], args].concat()).said();
    assert_eq!(play(&["--all"]).passes().stdout, "a\nc\nd\n");
    assert_eq!(play(&["--tag", "t"]).passes().stdout, "a\nc\n");
    assert_eq!(
        play(&["--tag", "u", "--tag", "none"]).passes().stdout,
        "a\n"
    );
    assert_eq!(play(&["b"]).passes().stdout, "b\n");
    play(&["--tag", "none"]).code(2);
    let page = Page::of("---\ntag: doc\n---\n").fence("bash {\"name\": \"a\"}", "echo a");
    let page = page.fence("bash {\"name\": \"b\", \"tag\": \"other\"}", "echo b");
    let said = page
        .labctl(&["run", "page.md", "--tag", "doc"])
        .said()
        .passes();
    assert_eq!(said.stdout, "a\n");
}

#[test]
fn rule_7_1_the_fence_names_the_shell() {
    let page = Page::new().block("a", "echo {1..3}");
    let said = page
        .labctl(&["run", "page.md", "a"])
        .env("SHELL", "/bin/dash")
        .said()
        .passes();
    assert_eq!(said.stdout, "1 2 3\n");
    let page = Page::of("---\nshell: dash\n---\n").fence("sh {\"name\": \"a\"}", "echo {1..3}");
    assert_eq!(page.run(&["a"]).passes().stdout, "{1..3}\n");
}

#[test]
fn rule_7_2_a_block_is_one_script_that_stops_at_its_first_failure() {
    let page = Page::new()
        .block("one", "cd /\nf() { pwd; }\nf")
        .block("stops", "false | true\necho never")
        .block("list", "false || echo goes on");
    assert_eq!(page.run(&["one"]).passes().stdout, "/\n");
    assert_eq!(page.run(&["stops"]).code(1).stdout, "");
    assert_eq!(page.run(&["list"]).passes().stdout, "goes on\n");
    let page =
        Page::of("---\nshell: dash\n---\n").fence("sh {\"name\": \"a\"}", "false | true; echo on");
    assert_eq!(page.run(&["a"]).passes().stdout, "on\n");
}

#[test]
fn rule_7_3_the_working_folders_are_chained_and_missing_links_passed_over() {
    let page = Page::of("---\ncwd: sub\n---\n")
        .fence("bash {\"name\": \"chained\", \"cwd\": \"deep\"}", "pwd")
        .fence("bash {\"name\": \"missing\", \"cwd\": \"none\"}", "pwd")
        .fence("bash {\"name\": \"absolute\", \"cwd\": \"/tmp\"}", "pwd")
        .file("sub/deep/x", "");
    let sub = fs::canonicalize(page.folder().join("sub")).unwrap();
    let lines = format!("{0}/deep\n{0}\n/tmp\n", sub.display());
    assert_eq!(
        page.run(&["chained", "missing", "absolute"])
            .passes()
            .stdout,
        lines
    );
}

#[test]
fn rule_7_4_other_languages_go_to_their_interpreter() {
    let page = Page::new()
        .fence(
            "python {\"name\": \"py\"}",
            "import sys\nprint('from', sys.version_info[0])",
        )
        .fence(
            "text {\"name\": \"cat\", \"interpreter\": \"cat\"}",
            "as it is",
        );
    assert_eq!(
        page.run(&["py", "cat"]).passes().stdout,
        "from 3\nas it is\n"
    );
}

#[test]
fn rule_7_5_a_prompt_is_taken_away_and_a_substitution_is_not() {
    let page = Page::new().block("a", "$ echo prompt   \nX=echo\n$X kept\n$(echo echo) too");
    assert_eq!(page.run(&["a"]).passes().stdout, "prompt\nkept\ntoo\n");
}

#[test]
fn rule_7_6_what_nothing_runs_is_printed() {
    let page = Page::new().fence("yaml {\"name\": \"a\"}", "key: value");
    assert_eq!(page.run(&["a"]).passes().stdout, "key: value\n");
}

#[test]
fn rule_7_9_the_callers_environment_is_the_blocks() {
    let page = Page::new().block("a", "echo $GIVEN");
    let said = page
        .labctl(&["run", "page.md", "a"])
        .env("GIVEN", "x")
        .said()
        .passes();
    assert_eq!(said.stdout, "x\n");
}

#[test]
fn rule_7_10_every_block_has_a_deadline() {
    let page = Page::new().block("a", "sleep 1000");
    page.labctl(&["run", "page.md", "a", "--timeout", "200ms"])
        .said()
        .code(124);
}

#[test]
fn rule_8_1_what_is_exported_or_unset_is_seen_by_later_blocks() {
    let page = Page::new()
        .block("set", "export A=1 B=2")
        .block("unset", "unset B; export A=3")
        .block("read", "echo \"$A ${B-gone}\"");
    assert_eq!(
        page.run(&["set", "unset", "read"]).passes().stdout,
        "3 gone\n"
    );
}

#[test]
fn rule_8_2_plain_variables_functions_and_cd_end_with_the_block() {
    let page = Page::new()
        .block("set", "A=1; f() { echo f; }; cd /")
        .block(
            "read",
            "echo ${A-gone}; type f 2>/dev/null || echo no f; [ $PWD != / ] && echo back",
        );
    assert_eq!(
        page.run(&["set", "read"]).passes().stdout,
        "gone\nno f\nback\n"
    );
}

#[test]
fn rule_8_3_a_block_that_fails_leaves_no_exports() {
    let page = Page::new()
        .block("set", "export A=1; false")
        .block("read", "echo ${A-gone}")
        .expect("stdout == \"gone\"");
    page.verify().code(1).says("passed    read");
}

#[test]
fn rule_8_4_only_shells_export() {
    let page = Page::new()
        .fence(
            "python {\"name\": \"set\"}",
            "import os\nos.environ['A'] = '1'",
        )
        .block("read", "echo ${A-gone}");
    assert_eq!(page.run(&["set", "read"]).passes().stdout, "gone\n");
}

#[test]
fn rule_9_2_a_background_block_really_runs_beside_the_others() {
    let page = Page::new()
        .fence(
            "bash {\"name\": \"beside\", \"background\": true}",
            "until [ -e go ]; do sleep 0.01; done; touch went",
        )
        .block(
            "go",
            "touch go; until [ -e went ]; do sleep 0.01; done; echo both",
        );
    assert_eq!(page.run(&["beside", "go"]).passes().stdout, "both\n");
}

#[test]
fn rule_10_list_has_runmes_columns_and_fields() {
    let page = Page::new().text("\nSay hello:\n").block("a", "echo hi");
    let said = page.labctl(&["list", "page.md", "--json"]).said().passes();
    let blocks: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let block = &blocks[0];
    assert_eq!(
        (&block["name"], &block["first_command"]),
        (&"a".into(), &"echo hi".into())
    );
    assert_eq!(block["description"], "Say hello.");
    assert_eq!(
        (&block["named"], &block["run_all"]),
        (&true.into(), &true.into())
    );
    assert_eq!(block["file"], "page.md");
}

#[test]
fn rule_11_1_the_exit_code_is_the_blocks_own() {
    Page::new().block("a", "exit 7").run(&["a"]).code(7);
}

#[test]
fn rule_11_2_wrong_selections_are_errors_that_say_what_could_be_meant() {
    two()
        .run(&[])
        .code(2)
        .says("no block named: say which to run, or --all");
    two().run(&["c"]).code(2).says("no block named `c`");
    two()
        .labctl(&["run", "none.md", "a"])
        .said()
        .code(2)
        .says("no file `none.md`");
}

/// Every rule in the table that claims a test has one of its number.
#[test]
fn the_table_of_rules_names_tests_that_exist() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let table = fs::read_to_string(format!("{root}/docs/runme.md")).unwrap();
    let mut sources = String::new();
    let mut folders = vec![format!("{root}/cli").into()];
    while let Some(folder) = folders.pop() {
        let folder: std::path::PathBuf = folder;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut count = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, rule, _, how, ..] = cells[..] else {
            continue;
        };
        if how == "same" || how == "differs" {
            let test = format!("fn rule_{}_", rule.replace('.', "_"));
            assert!(sources.contains(&test), "{rule}: no `{test}…`");
            count += 1;
        }
    }
    assert!(count > 40, "{count} rules");
}
