use super::*;
use crate::Runbook;

fn shown(source: &str, facts: &LintFacts) -> Vec<(&'static str, String)> {
    lint(source, &Runbook::parse(source), facts)
        .into_iter()
        .map(|found| (found.code, source[found.span.range()].to_owned()))
        .collect()
}

/// Code, and the text under the caret, of every finding in a document.
#[track_caller]
fn check(source: &str, expected: &[(&str, &str)]) {
    let found = shown(source, &LintFacts::default());
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(code, text)| (*code, text.as_str()))
        .collect();
    assert_eq!(found, expected, "{source}");
}

/// The same for one bash block.
#[track_caller]
fn check_code(code: &str, expected: &[(&str, &str)]) {
    check(
        &format!(
            "- in a list\n\n  ```bash {{\"name\": \"x\"}}\n  {}\n  ```\n",
            code.replace('\n', "\n  ")
        ),
        expected,
    );
}

#[test]
fn blocks_that_verify_treats_in_its_own_way_are_named() {
    check_code(
        "echo\ndocker compose logs -f db",
        &[("never-ends", "docker compose logs -f db")],
    );
    check_code(
        "docker compose exec db redis-cli",
        &[("interactive", "docker compose exec db redis-cli")],
    );
    check_code(
        "docker compose down -v\ndocker system prune -f",
        &[("destructive", "docker system prune -f")],
    );
    check_code(
        "rm -rf \"$OUT/\" ${OUT}/*",
        &[("removes-variable", "\"$OUT/\"")],
    );
    check_code(
        "docker compose logs | tail -n 5; rm -rf \"${OUT:?}/\" \"$OUT/x\"",
        &[],
    );
}

#[test]
fn waits_are_for_a_condition() {
    check_code(
        "sleep 15\ndocker compose ps",
        &[("waits-for-time", "sleep 15")],
    );
    check_code("sleep 1; sleep 0.5; sleep $N; sleep 2 & wait", &[]);
    check_code("sleep 1m", &[("waits-for-time", "sleep 1m")]);
    check_code("until curl -sf localhost; do sleep 2; done", &[]);
}

#[test]
fn text_that_runs_otherwise_than_it_reads_is_named() {
    check_code(
        "$ echo\n$(which ls) x\n$HOME/bin/x",
        &[("leading-dollar", "$"), ("leading-dollar", "$")],
    );
    check_code(
        "export KEY=Enter your key",
        &[("unquoted-message", "KEY=Enter your key")],
    );
    check_code(
        "export A=1 B=2; export C=x D; export E=\"a b\"; export F",
        &[],
    );
    check_code(
        "ID=<paste-id-here>\necho",
        &[("placeholder", "<paste-id-here>")],
    );
    check_code(
        "curl -f localhost/items/<ITEM_ID> | jq .",
        &[("placeholder", "<ITEM_ID>")],
    );
    check_code(
        "curl -f \"localhost/items/<your id>\"",
        &[("placeholder", "<your id>")],
    );
    check_code(
        "echo 'use <your-id>' # <your-id>\nsort <in >out\ncat <<EOF\n<ID>\nEOF\ncurl -f -d '<id>5</id>' x",
        &[],
    );
}

const SETS: &str = "```bash\nITEM_ID=$(curl -sf x)\nexport B=1\n```\n\n";

#[test]
fn variables_must_be_exported_to_be_read_later() {
    let reads = |code: &str| format!("{SETS}```bash\n{code}\n```\n");
    check(
        &reads("echo \"$ITEM_ID\" $ITEM_ID $B"),
        &[("not-exported", "$ITEM_ID")],
    );
    check(
        &reads("curl -f ${ITEM_ID}"),
        &[("not-exported", "${ITEM_ID}")],
    );
    check(&reads("ITEM_ID=1; echo $ITEM_ID"), &[]);
    check(&reads("echo '$ITEM_ID' ${ITEM_ID:-none} $OTHER $HOME"), &[]);
    check(
        &format!(
            "---\nlabctl:\n  session: shared\n---\n{}",
            reads("echo $ITEM_ID")
        ),
        &[],
    );
    check(
        &format!("{SETS}```bash\nexport ITEM_ID=1\n```\n\n```bash\necho $ITEM_ID\n```\n"),
        &[],
    );
}

#[test]
fn fences_do_what_they_seem_to() {
    check(
        "```\ndocker compose up -d\n```\n",
        &[("no-language", "```")],
    );
    check("```\n$ ls\n```\n", &[("no-language", "```")]);
    check(
        "```\n+---+\n| A |\n+---+\n```\n\n```\nNAME  STATUS\ndb  Up\n```\n\n```yaml\ndocker: x\n```\n",
        &[],
    );
    check(
        "```bash {\"name\": \"x\", \"backgroud\": true}\necho\n```\n",
        &[("unknown-attribute", "backgroud")],
    );
    check(
        "```bash {name=x excludefromrunall=true skipPrompts=true mine=1 .cls}\necho\n```\n",
        &[
            ("unknown-attribute", "excludefromrunall"),
            ("no-effect", "skipPrompts"),
        ],
    );
    let twice =
        "```sh {name=x}\necho\n```\n```sh {name=x}\necho\n```\n```sh {name=x-2}\necho\n```\n";
    let found = shown(twice, &LintFacts::default());
    assert!(
        found
            .iter()
            .any(|(code, text)| *code == "ambiguous-name" && text.contains("x-2")),
        "{found:?}"
    );
}

#[test]
fn snapshots_that_do_not_fit_are_stale() {
    let header = |block: &str, digest: &str| SnapshotHeader {
        block: block.to_owned(),
        code_digest: digest.to_owned(),
    };
    let facts = LintFacts {
        snapshots: vec![header("gone", "1"), header("a", "echo"), header("b", "old")],
        code_digest: Some(str::to_owned),
        ..LintFacts::default()
    };
    let source = "text\n\n```sh {name=a}\necho\n```\n```sh {name=b}\nnew\n```\n";
    let found = shown(source, &facts);
    assert_eq!(
        found,
        [
            ("stale-snapshot", String::new()),
            ("stale-snapshot", "```sh {name=b}".to_owned())
        ]
    );
}

#[test]
fn a_good_runbook_without_a_claim_gets_one_word() {
    let unseen = "curl -s -X POST localhost:8000/items -H 'Content-Type: application/json' \\\n  -d '{\"name\": \"Widget\", \"price\": 9.99}'";
    check(
        include_str!("../../tests/fixtures/plain.md"),
        &[("status-unseen", unseen)],
    );
}

#[test]
fn one_block_as_long_as_a_book_takes_linear_work() {
    let lines: Vec<String> = (0..20_000)
        .map(|line| format!("$X{line} && cmd-{line} <id-{line}> ${{Y{line}}} sleep 9"))
        .collect();
    let source = format!("```bash\n{}\n```\n", lines.join("\n"));
    let runbook = Runbook::parse(&source);
    assert!(!lint(&source, &runbook, &LintFacts::default()).is_empty());
    assert_eq!(crate::commands_needed(&runbook, &[0]).len(), 20_000);
}

#[test]
fn a_claim_that_silence_would_satisfy_too_is_named_unless_another_demands_output() {
    let page = |claims: &str| {
        format!("```bash {{\"name\": \"x\"}}\necho\n```\n<!-- expect\n{claims}\n-->\n")
    };
    for claim in [
        "stdout not contains \"error\"",
        "stdout count < 5",
        "stderr not matches /panic/",
    ] {
        check(&page(claim), &[("vacuous-claim", claim)]);
    }
    for claims in [
        "stdout is empty",
        "stderr == \"\"",
        "json $.a not exists",
        "stdout not contains \"error\"\nstdout contains \"ready\"",
        "duration < 5s",
    ] {
        check(&page(claims), &[]);
    }
    check(
        &page("stdout contains \"a\"\nstderr not contains \"b\""),
        &[("vacuous-claim", "stderr not contains \"b\"")],
    );
}

#[test]
fn a_claim_about_what_was_captured_of_the_same_thing_is_named() {
    let page = |claim: &str| {
        format!(
            "```bash {{\"name\": \"x\"}}\necho\n```\n<!-- expect\ncapture x = line[1]\n{claim}\n-->\n"
        )
    };
    for claim in ["line[1] == $x", "line[1] contains $x", "line[1] >= $x"] {
        check(&page(claim), &[("vacuous-claim", claim)]);
    }
    for claim in ["line[2] == $x", "line[1] != $x", "line[1] not == $x"] {
        check(&page(claim), &[]);
    }
    let later = format!(
        "{}\n```bash\necho\n```\n<!-- expect\nline[1] == $x\n-->\n",
        page("line[2] == \"\"")
    );
    check(&later, &[]);
}

#[test]
fn what_is_claimed_where_nothing_will_be_judged_is_named() {
    let page =
        |fence: &str, lines: &str| format!("```{fence}\necho\n```\n<!-- expect\n{lines}\n-->\n");
    let never = |fence: &'static str| [("never-judged", fence)];
    check(&page("text", "stdout contains \"x\""), &never("```text"));
    check(
        &page("", "snapshot stdout"),
        &[("no-language", "```"), ("never-judged", "```")][1..],
    );
    check(&page("text", "skip \"to read\""), &[]);
    check(&page("python", "stdout contains \"x\""), &[]);

    let background = "bash {\"background\": true}";
    let fence = "```bash {\"background\": true}";
    for lines in [
        "stdout contains \"x\"",
        "until stdout contains \"x\"",
        "capture x = stdout",
    ] {
        check(&page(background, lines), &never(fence));
    }
    check(&page(background, "stdout contains \"x\"\nexit == 0"), &[]);
    check(&page(background, "timeout 5m"), &[]);
}

#[test]
fn a_snapshot_without_a_folder_and_a_service_without_a_compose_file_are_never_judged() {
    let source =
        "```bash\necho\n```\n<!-- expect\nsnapshot stdout\nservice api state == \"running\"\n-->\n";
    check(source, &[]);
    let facts = LintFacts {
        missing_snapshots: Some("page.snapshots".into()),
        without_compose: Some("lab".into()),
        ..LintFacts::default()
    };
    let expected = [("never-judged", "```bash"), ("never-judged", "api")];
    assert_eq!(
        shown(source, &facts),
        expected.map(|(code, text)| (code, text.to_owned()))
    );
    let off = source
        .replace("snapshot stdout", "snapshot off")
        .replace("service api state", "line[1]");
    assert_eq!(shown(&off, &facts), []);
}

#[test]
fn a_request_whose_failure_nothing_would_notice_is_pointed_at() {
    check_code(
        "echo\ncurl -s localhost:8000/items | jq .",
        &[("status-unseen", "curl -s localhost:8000/items")],
    );
    for seen in [
        "curl -sf localhost/a",
        "curl --fail-with-body localhost/a",
        "curl -s -w '%{http_code}' localhost/a",
        "curl $OPTIONS localhost/a",
    ] {
        check_code(seen, &[]);
    }
    let judged =
        "```bash {\"name\": \"x\"}\ncurl -s localhost/a\n```\n<!-- expect\njson $.a == 1\n-->\n";
    check(judged, &[]);
    let facts = LintFacts {
        snapshots: vec![SnapshotHeader {
            block: "x".into(),
            code_digest: String::new(),
        }],
        ..LintFacts::default()
    };
    let recorded = "```bash {\"name\": \"x\"}\ncurl -s localhost/a\n```\n";
    assert_eq!(shown(recorded, &facts), []);
}
