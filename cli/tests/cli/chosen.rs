//! Some blocks of a page, again and again, until the first that fails.

use std::fs;

use crate::page::{Page, Say as _};

/// Each block writes its name down.
fn page() -> Page {
    let noting = |page: Page, name: &str| {
        page.fence(
            &format!("bash {{\"name\": \"{name}\", \"tag\": \"{}\"}}", &name[..4]),
            &format!("echo {name} >>played"),
        )
    };
    let page = noting(Page::new(), "read-one");
    let page = noting(page, "write-one").expect("needs read-one");
    noting(page, "read-two").expect("needs write-one")
}

fn played(page: &Page) -> String {
    let file = page.folder().join("played");
    let played = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    played.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn blocks_are_chosen_by_name_tag_and_place() {
    let page = page();
    for (args, blocks) in [
        (&[][..], "read-one write-one read-two"),
        (&["--block", "read-one"][..], "read-one"),
        (
            &["--block", "read-two", "--needs"],
            "read-one write-one read-two",
        ),
        (&["--block", "*-one"], "read-one write-one"),
        (&["--tag", "read", "--until", "write-one"], "read-one"),
        (&["--until", "write-one"], "read-one write-one"),
        (&["--from", "read-one", "--until", "read-one"], "read-one"),
    ] {
        page.labctl(&[&["verify", "page.md"], args].concat())
            .said()
            .passes();
        assert_eq!(played(&page), blocks, "{args:?}");
    }
    page.labctl(&["verify", "page.md", "--block", "read-one"])
        .said()
        .passes()
        .says("2 blocks were not asked for");
}

#[test]
fn a_choice_of_nothing_is_never_green() {
    let page = page().block("prune", "docker system prune -f");
    for (args, says) in [
        (
            &["--block", "raed-one"][..],
            "no block is what is asked for; `labctl list page.md` shows them",
        ),
        (&["--tag", "slow"], "no block is what is asked for"),
        (&["--from", "raed-one"], "did you mean `read-one`"),
        (
            &["--from", "read-two", "--until", "read-one"],
            "`read-one` comes before `read-two`",
        ),
        (
            &["--block", "prune"],
            "page.md/prune: would harm more than this lab",
        ),
        (&["--block", "read-two"], "read-two: needs `write-one`"),
        (&["--failed"], "nothing failed when it was last played"),
    ] {
        page.labctl(&[&["verify", "page.md"], args].concat())
            .said()
            .code(2)
            .says(says);
        assert_eq!(played(&page), "", "{args:?}");
    }
    let page = page.file("other.md", "```bash {\"name\": \"read-one\"}\ntrue\n```\n");
    page.labctl(&["verify", "page.md", "other.md", "--from", "read-one"])
        .said()
        .code(2)
        .says("--from and --until speak of the blocks of one runbook");
}

#[test]
fn what_failed_last_time_is_played_again_with_what_it_needs_until_it_passes() {
    let page = Page::new()
        .block("ready", "echo ready >>played")
        .block("broken", "echo broken >>played; test -e mended")
        .expect("needs ready")
        .block("sound", "echo sound >>played");
    let state = page.folder().join("state");
    let verify = |args: &[&str]| {
        let mut command = page.labctl(&[&["verify", "page.md"], args].concat());
        command.env("XDG_STATE_HOME", &state);
        command.said()
    };
    verify(&[]).code(1);
    assert_eq!(played(&page), "ready broken sound");
    // What was not played is not forgotten.
    verify(&["--block", "sound"]).passes();
    assert_eq!(played(&page), "sound");
    verify(&["--failed"]).code(1);
    assert_eq!(played(&page), "ready broken");
    fs::write(page.folder().join("mended"), "").unwrap();
    verify(&["--failed"]).passes();
    assert_eq!(played(&page), "ready broken");
    verify(&["--failed"]).code(2).says("nothing failed");
}

#[test]
fn a_block_that_passes_only_sometimes_is_flaky_and_never_green() {
    let page = Page::new().block("sometimes", "echo x >>times; test $(wc -l <times) != 2");
    page.labctl(&["verify", "page.md", "--repeat", "3"])
        .said()
        .code(1)
        .says("flaky page.md/sometimes: passed 2 of 3 times");
    let page = Page::new().block("always", "echo x >>times");
    page.labctl(&["verify", "page.md", "--repeat", "3"])
        .said()
        .passes()
        .says("3 blocks ran");
    page.labctl(&["verify", "page.md", "--repeat", "0"])
        .said()
        .code(2);
}

#[test]
fn the_first_failure_ends_the_run_if_that_is_asked_for() {
    let page = Page::new()
        .block("bad", "false")
        .block("after", "touch ran")
        .file(
            "other.md",
            "```bash {\"name\": \"other\"}\ntouch ran\n```\n",
        );
    page.labctl(&["verify", "page.md", "other.md", "--fail-fast"])
        .said()
        .code(1)
        .says("after: a block before it did not pass (--fail-fast)")
        .says("--fail-fast: 1 lab was not played");
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn parts_are_balanced_by_the_times_of_an_earlier_run() {
    let page = page()
        .file("long.md", "```bash {\"name\": \"long\"}\necho long >>played\n```\n")
        .file("short.md", "```bash {\"name\": \"short\"}\necho short >>played\n```\n")
        .file(
            "times.json",
            r#"{"labs": [{"lab": "page.md", "seconds": 1}, {"lab": "long.md", "seconds": 9}, {"lab": "short.md", "seconds": 2}]}"#,
        );
    let part = |part: &str, file: &str| {
        let labs = [
            "verify",
            "page.md",
            "long.md",
            "short.md",
            "--partition",
            part,
            "--durations",
            file,
        ];
        page.labctl(&labs).said()
    };
    part("1/2", "times.json").passes();
    assert_eq!(played(&page), "long");
    part("2/2", "times.json").passes();
    assert_eq!(played(&page), "read-one write-one read-two short");
    part("1/2", "page.md")
        .code(2)
        .says("page.md is no JSON report of `labctl verify`");
    part("1/2", "none.json")
        .code(2)
        .says("cannot read none.json");
}
