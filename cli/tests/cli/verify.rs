//! `labctl verify`, on pages that need no Docker.

use std::fs;

use crate::page::{Page, Say};

#[test]
fn a_page_that_tells_the_truth_passes() {
    Page::new()
        .block("read", r#"echo '{"cache_status": "hit", "price": 29.99}'"#)
        .expect("json $.cache_status == \"hit\"\njson $.price == 29.99")
        .verify()
        .passes()
        .says("passed: 1 block");
}

#[test]
fn a_page_that_lies_fails_at_the_line_that_lies() {
    Page::new()
        .block("read", r#"echo '{"cache_status": "miss"}'"#)
        .expect("json $.cache_status == \"hit\"")
        .verify()
        .code(1)
        .says("page.md:7: json $.cache_status == \"hit\"")
        .says("\"miss\"");
}

#[test]
fn a_failing_command_in_a_pipe_or_before_another_fails_the_block() {
    for code in [
        "false",
        "false | true",
        "false\necho on",
        "exit 3",
        "nosuchcommand_really || exit 4",
    ] {
        Page::new()
            .block("one", code)
            .verify()
            .code(1)
            .says("exit == 0");
    }
    Page::new()
        .block("one", "exit 3")
        .expect("exit == 3")
        .verify()
        .passes();
}

#[test]
fn exported_variables_are_carried_on_and_plain_ones_are_not() {
    Page::new()
        .block("set", "export SHARED='a b\n\"c\"'\nPLAIN=x")
        .block("get", "printf '%s' \"$SHARED${PLAIN-unset}\"")
        .expect("stdout == \"a b\\n\\\"c\\\"unset\"")
        .verify()
        .passes();
}

#[test]
fn a_page_in_which_nothing_ran_is_not_green() {
    Page::new()
        .block("later", "true")
        .expect("skip \"not today\"")
        .verify()
        .code(3)
        .says("not today")
        .says("no block was run");
}

#[test]
fn a_claim_about_json_fails_where_there_is_none() {
    for output in ["", "echo '<html>502</html>'", "echo '{\"a\":'"] {
        Page::new()
            .block("read", &format!(":\n{output}"))
            .expect("json $.a == 1")
            .verify()
            .code(1);
    }
}

#[test]
fn every_error_in_the_page_is_shown_and_nothing_runs() {
    let page = Page::new()
        .block("one", "touch ran")
        .expect("jsno $.a == 1")
        .block("two", "touch ran")
        .expect("stdout contians \"x\"\njson $.[ == 1");
    page.verify()
        .code(2)
        .says("did you mean `json`?")
        .says("did you mean `contains`?")
        .says("page.md:14:8")
        .says("^^^^");
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn a_block_that_never_ends_is_ended_at_its_deadline_with_all_it_started() {
    let page = Page::new()
        .block(
            "hang",
            "setsid sh -c 'echo $$ >pid; exec sleep 1000' &\nsleep 1000",
        )
        .expect("timeout 1s");
    page.verify().code(1).says("still running after");
    let pid = fs::read_to_string(page.folder().join("pid")).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn what_a_block_leaves_running_lives_on_and_is_ended_and_named_at_the_end() {
    let page = Page::new()
        .block("start", "sleep 1000 >/dev/null 2>&1 &\necho $! >pid")
        .block("look", "kill -0 $(cat pid)");
    page.verify().passes().says("sleep");
    let pid = fs::read_to_string(page.folder().join("pid")).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn a_background_block_runs_beside_the_ones_that_follow() {
    Page::new()
        .fence(
            r#"bash {"name": "server", "background": true}"#,
            "touch up; exec sleep 1000",
        )
        .block(
            "client",
            "for i in $(seq 100); do [ -e up ] && exit 0; sleep 0.1; done; exit 1",
        )
        .verify()
        .passes();
}

#[test]
fn a_background_block_whose_claims_were_never_judged_is_no_pass() {
    Page::new()
        .fence(
            r#"bash {"name": "server", "background": true}"#,
            "exec sleep 1000",
        )
        .expect("stdout contains \"what it never prints\"")
        .block("client", "true")
        .verify()
        .code(3)
        .says("was not judged")
        .says("exit == 0");
}

#[test]
fn a_snapshot_without_a_folder_is_told_and_not_counted() {
    Page::new()
        .block("read", "echo hi")
        .expect("snapshot stdout")
        .verify()
        .passes()
        .says("its snapshot was not compared");
}

#[test]
fn a_background_block_that_dies_by_itself_is_judged() {
    Page::new()
        .fence(
            r#"bash {"name": "server", "background": true}"#,
            "echo no port >&2; exit 7",
        )
        .block(
            "client",
            "while kill -0 $PPID 2>/dev/null && [ $((n += 1)) -lt 20 ]; do sleep 0.05; done",
        )
        .verify()
        .code(1)
        .says("server");
}

#[test]
fn a_harmful_block_is_skipped_with_its_reason() {
    Page::new()
        .block("ok", "echo fine")
        .block("clean", "docker system prune -f")
        .verify()
        .passes()
        .says("docker system prune")
        .says("--allow-destructive");
}

#[test]
fn an_interactive_block_is_skipped_with_its_reason() {
    Page::new()
        .block("ok", "echo fine")
        .block("cli", "redis-cli")
        .verify()
        .passes()
        .says("redis-cli");
}

#[test]
fn a_missing_command_is_said_before_anything_starts() {
    let page = Page::new()
        .block("one", "touch ran")
        .block("two", "frobnicate-really --all");
    page.verify().code(3).says("frobnicate-really");
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn output_that_is_not_text_stops_nothing() {
    Page::new()
        .block("bytes", r"printf 'a\xff\xfeb\n'")
        .expect("stdout contains \"a\"")
        .verify()
        .passes();
}

#[test]
fn a_block_that_prints_without_end_is_cut_and_ended() {
    Page::new()
        .block("yes", "yes")
        .expect("timeout 1s")
        .verify()
        .code(1)
        .says("still running after");
}

#[test]
fn a_fence_without_language_is_never_run_unless_named() {
    Page::new()
        .block("ok", "true")
        .fence("", "+----+\n| no |")
        .verify()
        .passes()
        .says("skipped");
}

#[test]
fn reports_are_written_and_tell_failed_from_errored() {
    let page = Page::new()
        .block("good", "echo yes")
        .block("bad", "echo no; exit 9");
    page.labctl(&[
        "verify",
        "page.md",
        "--report",
        "json=out/run.json",
        "--report",
        "junit=run.xml",
    ])
    .said()
    .code(3);
    fs::create_dir(page.folder().join("out")).unwrap();
    page.labctl(&[
        "verify",
        "page.md",
        "--report",
        "json=out/run.json",
        "--report",
        "junit=run.xml",
    ])
    .said()
    .code(1);
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(page.folder().join("out/run.json")).unwrap())
            .unwrap();
    assert_eq!(json["labs"][0]["blocks"][1]["outcome"], "failed");
    assert_eq!(json["labs"][0]["blocks"][1]["exit_code"], 9);
    let xml = fs::read_to_string(page.folder().join("run.xml")).unwrap();
    assert!(
        xml.contains(r#"failures="1" errors="0""#) || xml.contains(r#"errors="0" failures="1""#),
        "{xml}"
    );
}

#[test]
fn every_report_tells_late_and_errored_from_failed_and_passed() {
    let page = Page::new()
        .block("good", "echo yes")
        .block("late", "sleep 1000")
        .expect("timeout 200ms")
        .block("unknown", "head -c 3000000 /dev/zero | tr '\\0' x")
        .expect("stdout not contains \"y\"");
    page.labctl(&["verify", "page.md", "--report=json=r.json"])
        .arg("--report=junit=r.xml")
        .said()
        .code(3);
    let read = |name: &str| fs::read_to_string(page.folder().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("r.json")).unwrap();
    let blocks = json["labs"][0]["blocks"].as_array().unwrap();
    let outcomes: Vec<_> = blocks.iter().map(|block| &block["outcome"]).collect();
    assert_eq!(outcomes, ["passed", "timed out", "errored"]);
    let claims = blocks[2]["claims"].as_array().unwrap();
    let verdicts: Vec<_> = claims.iter().map(|claim| &claim["verdict"]).collect();
    assert_eq!(verdicts, ["held", "errored"]);
    let xml = read("r.xml");
    assert!(xml.contains("tests=\"3\""), "{xml}");
    let is_counted = xml.contains("failures=\"1\"") && xml.contains("errors=\"1\"");
    assert!(is_counted, "{xml}");
}

#[test]
fn what_is_wrong_with_a_lab_as_a_whole_is_an_error_in_the_report_too() {
    let page = Page::new().block("prune", "docker system prune -f");
    page.labctl(&["verify", "page.md", "--report=junit=r.xml"])
        .said()
        .code(3);
    let xml = fs::read_to_string(page.folder().join("r.xml")).unwrap();
    assert!(xml.contains("no block was run"), "{xml}");
    assert!(xml.contains("errors=\"1\""), "{xml}");
}

#[test]
fn an_interrupt_is_code_130_and_the_rest_is_not_run() {
    let page = Page::new()
        .block("ask", "kill -INT $PPID; sleep 1000")
        .block("after", "touch ran");
    page.verify().code(130);
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn a_wrong_page_keeps_every_other_from_being_played() {
    let page = Page::new().block("one", "touch ran").file(
        "wrong.md",
        "```bash\ntrue\n```\n<!-- expect\nexti == 0\n-->\n",
    );
    page.labctl(&["verify", "page.md", "wrong.md"])
        .said()
        .code(2)
        .says("did you mean `exit`?");
    assert!(!page.folder().join("ran").exists());
}

#[test]
fn the_plan_is_printed_with_every_skip_and_deadline_and_nothing_runs() {
    let page = Page::new()
        .block("one", "touch ran")
        .block("start", "docker compose up -d")
        .block("cleanup", "docker compose down -v")
        .block("later", "docker compose logs x");
    let said = page
        .labctl(&["verify", "page.md", "--dry-run"])
        .said()
        .passes();
    assert!(!page.folder().join("ran").exists());
    said.says("one").says("15m").says("later").says("on demand");
}

#[test]
fn the_two_streams_of_a_dry_run_and_a_real_one_are_the_table_and_nothing_else_when_quiet() {
    let said = Page::new()
        .block("ok", "echo hi")
        .labctl(&["verify", "page.md", "-q"])
        .said()
        .passes();
    assert!(said.stderr.is_empty(), "{}", said.stderr);
    assert!(!said.stdout.contains("hi\n"), "{}", said.stdout);
}

#[test]
fn code_that_nothing_runs_is_never_taken_for_passed() {
    Page::new()
        .fence("shellscript", "false\necho on")
        .verify()
        .code(1)
        .says("exit == 0");
    for word in ["cmd", "dos", "yaml"] {
        Page::new()
            .fence(word, "exit 1")
            .verify()
            .code(3)
            .says(&format!("nothing runs `{word}`"));
    }
}

#[test]
fn claims_that_another_blocks_output_satisfies_are_named_as_weak() {
    let said = Page::new()
        .block("miss", "echo '{\"id\": 1, \"cache\": \"miss\"}'")
        .expect("json $.id == 1")
        .block("hit", "echo '{\"id\": 1, \"cache\": \"hit\"}'")
        .expect("json $.id == 1\njson $.cache == \"hit\"")
        .block("again", "echo '{\"id\": 1, \"cache\": \"hit\"}'")
        .expect("json $.id == 1\njson $.cache == \"hit\"")
        .verify()
        .passes()
        .says("weak page.md:3 miss: all it claims holds of what `hit` printed, too\n");
    assert_eq!(said.stdout.matches("weak ").count(), 1, "{}", said.stdout);
}
