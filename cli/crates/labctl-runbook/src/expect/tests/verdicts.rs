//! What claims hold of, and what not.

use super::super::judge;
use super::support::{fails, holds, observed, read, verdict};
use crate::{Captures, Output, Verdict};

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
fn every_comparison_below_at_and_above_what_is_wanted() {
    for (sign, expected) in [
        ("==", [false, true, false]),
        ("!=", [true, false, true]),
        ("<", [true, false, false]),
        ("<=", [true, true, false]),
        (">", [false, false, true]),
        (">=", [false, true, true]),
    ] {
        for (value, holds) in ["4", "5", "6"].into_iter().zip(expected) {
            for (not, expected) in [("", holds), ("not ", !holds)] {
                let claim = format!("json $ {not}{sign} 5");
                let is_held = verdict(&claim, &observed(value)) == Verdict::Held;
                assert_eq!(is_held, expected, "{claim} of {value}");
                let count = format!("stdout {not}count {sign} 5");
                let lines = "line\n".repeat(value.parse().unwrap());
                let is_held = verdict(&count, &observed(&lines)) == Verdict::Held;
                assert_eq!(is_held, expected, "{count} of {value} lines");
            }
        }
    }
}

#[test]
fn a_list_or_object_with_more_or_less_in_it_is_another() {
    let claim = "json $ == [1, {\"a\": 1}]";
    holds(claim, "[1, {\"a\": 1}]");
    for other in [
        "[1]",
        "[1, {\"a\": 1}, 2]",
        "[{\"a\": 1}, 1]",
        "[1, {\"a\": 1, \"b\": 2}]",
        "[1, {}]",
    ] {
        fails(
            claim,
            other,
            &format!("got {}", other.replace([' ', '\n'], "")),
        );
    }
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
        "capture x = line[1]",
        "capture x = stdout",
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
    let several = "there are 2: 1, 2; `all`, `any` or `none` speak of several";
    fails("capture x = json $[*]", "[1, 2]", several);
}

#[test]
fn what_was_never_captured_is_no_value_to_compare_with() {
    for claim in [
        "json $.n == $never",
        "json $.n != $never",
        "json $ contains $never",
        "json $ not contains $never",
        "none json $.* == $never",
    ] {
        let verdict = verdict(claim, &observed("{\"n\": null}"));
        let why = "nothing was captured as `never`".to_owned();
        assert_eq!(verdict, Verdict::Errored(why), "{claim}");
    }
}
