//! What claims say, what they hold of, and every way to write them wrong.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Captures, Diagnostic, ExitStatus, Observation, Output, Span, Verdict};

fn read(comment: &str) -> (Expectations, Vec<Diagnostic>) {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in comment.split('\n') {
        lines.push(Span::new(at, at + line.len()));
        at += line.len() + 1;
    }
    parse(comment, &lines)
}

fn observed(stdout: &str) -> Observation {
    Observation {
        exit: ExitStatus::Code(0),
        stdout: Output {
            text: stdout.to_owned(),
            omitted_bytes: 0,
        },
        stderr: Output {
            text: "warned\n".to_owned(),
            omitted_bytes: 0,
        },
        duration: Duration::from_millis(250),
    }
}

#[track_caller]
fn verdict(claim: &str, observation: &Observation) -> Verdict {
    let (expectations, diagnostics) = read(claim);
    assert_eq!(diagnostics, [], "{claim}");
    let mut captures = Captures::default();
    captures.insert("seven", serde_json::json!(7));
    captures.insert("word", serde_json::json!("hit"));
    judge(&expectations.statements[0], observation, &mut captures)
}

#[track_caller]
fn holds(claim: &str, stdout: &str) {
    assert_eq!(
        verdict(claim, &observed(stdout)),
        Verdict::Held,
        "{claim} of {stdout}"
    );
}

#[track_caller]
fn fails(claim: &str, stdout: &str, seen: &str) {
    assert_eq!(
        verdict(claim, &observed(stdout)),
        Verdict::Failed(seen.to_owned()),
        "{claim} of {stdout}"
    );
}

#[test]
fn every_subject_can_be_spoken_of() {
    holds("exit == 0", "");
    holds("stdout == \"a\\nb\"", "a\nb\n");
    holds("stderr contains \"warn\"", "");
    holds("line[1] == \"a\"", "a\nb\n");
    holds("line[-1] == \"b\"", "a\nb\n");
    holds("json $.a.b == 1", "text\n{\"a\": {\"b\": 1}}\n");
    holds("json[2] $.n == 2", "{\"n\": 1}\n{\"n\": 2}\n");
    holds("json $ == 42", "42\n");
    holds(
        "all table[STATUS] contains \"Up\"",
        "NAME  STATUS\na     Up 1\nb     Up 2\n",
    );
    holds("duration < 1s", "");
    holds("duration >= 250ms", "");
}

#[test]
fn every_predicate_and_its_negation() {
    holds("json $.s == \"hit\" # why not", r#"{"s": "hit"}"#);
    holds("json $.s != \"miss\"", r#"{"s": "hit"}"#);
    holds("json $.n > 1", r#"{"n": 1.5}"#);
    holds("json $.n <= 1.5", r#"{"n": 1.5}"#);
    holds("json $.n == 29.99", r#"{"n": 29.990}"#);
    holds("json $.n == 50", r#"{"n": 50.0}"#);
    holds("json $.n == 30 ± 0.01", r#"{"n": 29.99}"#);
    holds("json $.n != 30 +- 0.001", r#"{"n": 29.99}"#);
    holds(
        "json $.n == 18446744073709551615",
        r#"{"n": 18446744073709551615}"#,
    );
    fails(
        "json $.n == 18446744073709551615",
        r#"{"n": 18446744073709551614}"#,
        "got 18446744073709551614",
    );
    holds("stdout contains \"b\"", "abc");
    holds("stdout not contains \"x\"", "abc");
    holds("json $.l contains 2", r#"{"l": [1, 2.0]}"#);
    holds("json $ contains \"k\"", r#"{"k": 1}"#);
    holds(r"stdout matches /^b\/c$/", "a\nb/c\n");
    holds("stdout not matches /^z/", "abc");
    holds(
        "json $.id is uuid",
        r#"{"id": "5f0c2f6e-7a43-4d0e-9d1a-0a4b7a1c2d3e"}"#,
    );
    holds(
        "json $.t is timestamp",
        r#"{"t": "2026-01-02T03:04:05.123456"}"#,
    );
    holds("json $.v is null", r#"{"v": null}"#);
    holds("json $.v not is null", r#"{"v": 0}"#);
    holds("json $.v is integer", r#"{"v": 3.0}"#);
    holds("json $.v is empty", r#"{"v": []}"#);
    holds("stdout is number", " 12\n");
    holds("json $.a exists", r#"{"a": null}"#);
    holds("json $.b not exists", r#"{"a": null}"#);
    holds("json $.l[*] count == 3", r#"{"l": [1, 2, 3]}"#);
    holds("json $.x[*] count == 0", r#"{"l": []}"#);
    holds("stdout count >= 2", "a\nb\n");
    holds("line[9] not exists", "a\n");
    holds("json $.n == $seven", r#"{"n": 7}"#);
    holds("stdout == $word", "hit\n");
    holds(
        "json $.o == {\"b\": [1, 2], \"a\": null}",
        r#"{"o": {"a": null, "b": [1, 2.0]}}"#,
    );
}

#[test]
fn several_need_a_quantifier_and_nothing_is_never_enough() {
    let list = r#"{"l": [1, 2, 3]}"#;
    fails(
        "json $.l[*] == 1",
        list,
        "there are 3: 1, 2, 3; `all`, `any` or `none` speak of several",
    );
    holds("all json $.l[*] > 0", list);
    holds("any json $.l[*] == 2", list);
    holds("none json $.l[*] == 4", list);
    fails("all json $.l[*] > 1", list, "not of 1");
    fails("any json $.l[*] > 3", list, "of none: 1, 2, 3");
    fails("none json $.l[*] == 2", list, "it is so of 2");
    for claim in [
        "json $.x == 1",
        "json $.x != 1",
        "json $.x not == 1",
        "all json $.x[*] > 0",
        "any json $.x[*] > 0",
        "none json $.x[*] > 0",
        "json $.x exists",
        "json $.x not contains \"a\"",
    ] {
        fails(claim, list, "there is none");
    }
    fails("json $.l not exists", list, "there is [1,2,3]");
}

/// Outputs that are not what the page says, however much they look like it.
#[test]
fn twenty_lies_are_seen_through() {
    let lies = [
        ("json $.status == \"ok\"", ""),
        ("json $.status == \"ok\"", "{\"status\": \"o"),
        (
            "json $.status == \"ok\"",
            "<html>{\"status\": \"ok\"}</html>",
        ),
        (
            "json $.status == \"ok\"",
            "{\"status\": \"ok\"}\n{\"status\": \"ok\"}\n",
        ),
        ("json $.status == \"ok\"", "{\"status\": [\"ok\"]}"),
        ("json $.status == \"ok\"", "{\"Status\": \"ok\"}"),
        ("json $.status == \"ok\"", "{\"status\": \"ok \"}"),
        ("json $.n == 1", "{\"n\": \"1\"}"),
        ("json $.n == 1", "{\"n\": true}"),
        ("json $.n == 1", "{\"n\": null}"),
        ("json $.n < 5", "{\"n\": \"3\"}"),
        ("json $.n != 5", "{}"),
        ("json $.n not exists", ""),
        ("json $.l[*] count == 0", ""),
        ("json[2] $.n == 1", "{\"n\": 1}"),
        ("json $.n == 0.1 ± 0.01", "{\"n\": 0.12}"),
        ("all table[STATUS] == \"up\"", "NAME  STATE\na     up\n"),
        (
            "all table[STATUS] == \"up\"",
            "NAME  STATUS\na     up\nb     down\n",
        ),
        ("all table[STATUS] == \"up\"", "NAME  STATUS\n"),
        ("line[2] == \"done\"", "done\n"),
        ("stdout == 5", "5 errors\n"),
        ("stdout != 5", "no number at all\n"),
        ("stdout == \"done\"", "done\ndone\n"),
        ("json $.id is uuid", "{\"id\": \"5f0c2f6e-7a43-4d0e-9d1a\"}"),
        // Cut short: the object inside is not the answer.
        (
            "json $.status == \"ok\"",
            "[\n  {\"status\": \"ok\"},\n  {\"sta",
        ),
        (
            "json $.status == \"ok\"",
            "{\"status\": \"ok\"}{\"status\": \"failed\"}",
        ),
        ("json $.status == \"ok\"", "{\"status\": \"ok\"}\n{\"sta"),
        // What makes no sense of a value makes none the other way round.
        ("json $.n not contains \"x\"", "{\"n\": 5}"),
        ("json $.n not < 5", "{\"n\": \"9\"}"),
        ("json $.n != 5 ± 1", "{\"n\": \"50\"}"),
        ("none json $.l[*] > 5", "{\"l\": [\"9\"]}"),
        ("none json $.l[*] contains \"x\"", "{\"l\": [5]}"),
        (
            "json $.n == 18446744073709551615",
            "{\"n\": 18446744073709551616}",
        ),
        (
            "table[STATUS] == \"up\"",
            "N  STATUS\na  up\n\nN  STATUS\nb  down\n",
        ),
    ];
    for (claim, stdout) in lies {
        let verdict = verdict(claim, &observed(stdout));
        assert!(
            matches!(verdict, Verdict::Failed(_)),
            "{claim} of {stdout:?}: {verdict:?}"
        );
    }
}

#[test]
fn of_output_that_was_cut_only_what_is_seen_is_certain() {
    let mut cut = observed("");
    cut.stdout = Output::cut("{\"a\": 1}\nhead", 9, "tail\nlast\n");
    for claim in [
        "stdout contains \"last\"",
        "stdout matches /^last$/",
        "stdout matches /hea/",
    ] {
        assert_eq!(verdict(claim, &cut), Verdict::Held, "{claim}");
    }
    assert!(matches!(
        verdict("stdout not contains \"last\"", &cut),
        Verdict::Failed(_)
    ));
    for claim in [
        "stdout not contains \"x\"",
        "stdout contains \"x\"",
        "stdout contains \"bytes not kept\"",
        "stdout matches /head$/",
        "stdout matches /^tail/",
        "stdout matches /9 bytes/",
        "json $.a == 1",
        "line[1] exists",
        "stdout count == 3",
        "stdout == \"x\"",
    ] {
        assert!(
            matches!(verdict(claim, &cut), Verdict::Errored(_)),
            "{claim}"
        );
    }
}

#[test]
fn captures_keep_json_as_json_and_need_exactly_one_value() {
    let (expectations, _) = read("capture before = json $.n\njson $.n == $before");
    let mut captures = Captures::default();
    let observation = observed("{\"n\": 7.50}");
    for statement in &expectations.statements {
        assert_eq!(judge(statement, &observation, &mut captures), Verdict::Held);
    }
    assert_eq!(captures.get("before"), Some(&serde_json::json!(7.5)));
    fails("capture x = json $.y", "{}", "there is none");
}

/// One diagnostic: its place in the line, its message, its help.
#[track_caller]
fn wrong(line: &str, place: &str, message: &str, help: &str) {
    let (_, diagnostics) = read(line);
    let [found] = &diagnostics[..] else {
        panic!("{line}: {diagnostics:?}")
    };
    let told = (
        &line[found.span.range()],
        found.message.as_str(),
        found.help.as_deref().unwrap_or(""),
    );
    assert_eq!(told, (place, message, help), "{line}");
}

#[test]
fn a_wrong_word_is_pointed_at_with_the_nearest_right_one() {
    wrong(
        "jsno $.a == 1",
        "jsno",
        "unknown word `jsno`",
        "did you mean `json`?",
    );
    wrong(
        "stdout contians \"x\"",
        "contians",
        "unknown word `contians`",
        "did you mean `contains`?",
    );
    wrong(
        "json $.a is strng",
        "strng",
        "unknown word `strng`",
        "did you mean `string`?",
    );
    wrong(
        "redact uid",
        "uid",
        "unknown word `uid`",
        "did you mean `uuid`?",
    );
    wrong(
        "role strat",
        "strat",
        "unknown word `strat`",
        "did you mean `start`?",
    );
    wrong(
        "timout 5s",
        "timout",
        "unknown word `timout`",
        "did you mean `timeout`?",
    );
    wrong(
        "http GET /x status == 200",
        "http",
        "unknown word `http`",
        "a subject or a directive is one of `exit`, `stdout`, `stderr`, `line`, `json`, `table`, `duration`, `capture`, `timeout`, `until`, `retry`, `redact`, `snapshot`, `skip`, `needs`, `role`, `all`, `any`, `none`",
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    wrong(
        "exit contains 1",
        "contains",
        "`contains` says nothing of an exit code",
        "compare it: `==`, `!=`, `<`, `<=`, `>`, `>=`",
    );
    wrong(
        "exit == \"0\"",
        "\"0\"",
        "an exit code is a whole number",
        "such as `exit == 0`",
    );
    wrong(
        "duration < 5",
        "5",
        "a duration needs its unit",
        "such as `duration < 500ms`",
    );
    wrong(
        "stdout < \"b\"",
        "\"b\"",
        "standard output is text",
        "compare it with text in double quotes or with a number",
    );
    wrong(
        "json $.a == hit",
        "hit",
        "`hit` is no value",
        "quote it: `\"hit\"`",
    );
    wrong(
        "all exit == 0",
        "all",
        "there is only one of it",
        "`all`, `any` and `none` are for `json` and `table`",
    );
    wrong(
        "json $.a == 1 within 5s",
        "within",
        "`within` is for what labctl asks again itself",
        "to run the block again until this holds, write `retry 10 every 500ms`",
    );
    wrong(
        "json $.a[ == 1",
        "=",
        "`$.a[ == 1` is not a JSONPath",
        "such as `$.name`, `$.items[0].id`, `$['odd key']`, `$.items[?@.price > 10]`",
    );
    wrong(
        "json a == 1",
        "a",
        "a path begins with `$`, not `a`",
        "write `$` for the whole document, `$.name` for a member of it",
    );
    wrong(
        "stdout matches /(/",
        "(",
        "not a regular expression: unclosed group",
        "",
    );
    wrong(
        "line[0] == \"a\"",
        "0",
        "`0` is no line's number",
        "lines count from 1, and from -1 at the end",
    );
}

#[test]
fn what_can_only_be_true_or_only_be_false_is_refused() {
    wrong(
        "exit != 300",
        "300",
        "no block exits so",
        "exit codes are 0 to 255; 128 + n is signal n",
    );
    wrong(
        "exit == 0 ± 1",
        "",
        "exit codes next to each other mean different things",
        "leave out the `±`",
    );
    wrong(
        "all json $.a count == 1",
        "all",
        "`count` speaks of all of them already",
        "leave out `all`, `any` or `none`",
    );
    let help = "write `not exists`, without `all`, `any` or `none`";
    let message = "what is not there can be none of several";
    wrong("none json $.a exists", "none", message, help);
    wrong("any json $.a not exists", "any", message, help);
    wrong(
        "json $.n == 12345678901234567890123",
        "12345678901234567890123",
        "a number so large is not compared exactly",
        "compare it as text: `stdout contains \"…\"`",
    );
    let help = "say what it will print: `until stdout contains \"ready\"`";
    let message = "this holds before the block has printed anything";
    for claim in [
        "stdout not contains \"x\"",
        "stdout is empty",
        "stdout != $a",
    ] {
        wrong(&format!("until {claim}"), claim, message, help);
    }
    wrong(
        "until duration > 5s",
        "duration > 5s",
        "`until` is asked while the block runs",
        "only its output can answer: `until stdout contains \"ready\"`",
    );
    wrong(
        "until stdout contains \"x\"\nexit == 0",
        "exit == 0",
        "`until` stops the block: how it exits says nothing",
        "take out this line, or the `until`",
    );
}

#[test]
fn words_of_other_languages_are_understood_well_enough_to_help() {
    wrong(
        "json $.a = 1",
        "=",
        "unknown word `=`",
        "did you mean `==`?",
    );
    wrong(
        "json $.a is not null",
        "not",
        "`not` stands before the predicate",
        "write `not is …`",
    );
    wrong(
        "$.a == 1",
        "$.a",
        "unknown word `$.a`",
        "a path comes after `json`: `json $.a`",
    );
}

#[test]
fn wrong_directives_are_refused() {
    wrong(
        "retry 1 every 1s",
        "1",
        "1 attempts",
        "from 2 to 10000, the first one included",
    );
    wrong(
        "timeout soon",
        "soon",
        "`soon` is not a duration",
        "a number and its unit: `250ms`, `5s`, `2m`",
    );
    wrong(
        "skip",
        "",
        "why it is skipped, in double quotes, is missing here",
        "",
    );
    wrong(
        "exit == 0 exit == 1",
        "exit == 1",
        "nothing more belongs here, but there is `exit`",
        "one claim or directive a line; a reason goes after ` # `",
    );
    wrong(
        "redact number",
        "number",
        "`number` anywhere would hide too much",
        "say where: `redact number in $.count`",
    );
    wrong(
        "timeout 1s\ntimeout 2s",
        "timeout",
        "`timeout` was said before",
        "a block has one; take one of them out",
    );
    wrong(
        "snapshot off\nsnapshot stdout",
        "stdout",
        "recorded and not recorded",
        "keep `snapshot off`, or what is to be recorded",
    );
}

#[test]
fn every_wrong_line_is_told_and_the_right_ones_count() {
    let (expectations, diagnostics) = read("nope\nexit == 0\n\n# a remark\nalso nope");
    assert_eq!((expectations.statements.len(), diagnostics.len()), (1, 2));
}

#[test]
fn directives_are_read() {
    let (read, diagnostics) = read(
        "timeout 90s\nretry 20 every 500ms\nredact timestamp in $.created_at\nredact uuid\nsnapshot stdout\nsnapshot stderr\n\
         skip \"two machines\"\nneeds start-lab\nneeds \"odd name\"\nrole on-demand\nuntil stdout contains \"ready\"",
    );
    assert_eq!(diagnostics, []);
    assert_eq!(read.timeout, Some(Duration::from_secs(90)));
    assert_eq!(
        read.retry,
        Some(Retry {
            attempts: 20,
            every: Duration::from_millis(500)
        })
    );
    assert_eq!(read.redactions[0].path.as_deref(), Some("$.created_at"));
    assert_eq!(read.snapshot, SnapshotMode::Both);
    assert_eq!(
        read.needs
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["start-lab", "odd name"]
    );
    assert_eq!(read.role, Some(Role::OnDemand));
    assert_eq!(read.until.unwrap().text, "stdout contains \"ready\"");
}

#[track_caller]
fn vacuous(claim: &str, expected: bool) {
    let (expectations, _) = read(claim);
    let Statement::Claim(claim) = &expectations.statements[0] else {
        panic!()
    };
    assert_eq!(is_vacuous(claim), expected, "{}", claim.text);
}

#[test]
fn a_claim_that_holds_of_silence_is_vacuous_unless_silence_is_the_point() {
    vacuous("stdout not contains \"error\"", true);
    vacuous("stderr not matches /panic/", true);
    vacuous("stdout matches /.*/", true);
    vacuous("stdout exists", true);
    vacuous("stdout count >= 0", true);
    vacuous("line[3] not exists", true);
    vacuous("stdout == \"\"", false);
    vacuous("stdout is empty", false);
    vacuous("exit == 0", false);
    vacuous("json $.a not exists", false);
    vacuous("stdout contains \"x\"", false);
}

proptest! {
    #[test]
    fn no_line_panics_and_every_place_lies_in_it(line in "(all |any |json|line|table|stdout|\\$|\\[|\\]|==|± |/|\"|[a-z0-9 .é'-]){0,12}\n?(redact|until|capture|retry)?.{0,20}") {
        let (expectations, diagnostics) = read(&line);
        let spans = diagnostics.iter().map(|found| found.span).chain(expectations.statements.iter().map(|statement| match statement {
            Statement::Claim(claim) => claim.span,
            Statement::Capture(capture) => capture.span,
        }));
        for span in spans {
            prop_assert!(line.get(span.range()).is_some(), "{span:?}");
        }
    }

    #[test]
    fn no_output_panics(stdout in "([\\[\\]{}\",:0-9a-z|+\n\t -]|é|NAME  STATUS\n){0,60}", omitted in 0_u64..2) {
        let mut observation = observed(&stdout);
        observation.stdout.omitted_bytes = omitted;
        for claim in ["json $.a == 1", "json[2] $..* exists", "all table[STATUS] == \"up\"", "line[-2] contains \"a\"", "stdout == 1 ± 2", "stdout not is empty"] {
            let _ = verdict(claim, &observation);
        }
    }
}
