//! Claims that are written wrong, and what is said of them.

use super::support::{read, wrong};

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
        "grpc GET /x status == 200",
        "grpc",
        "unknown word `grpc`",
        "a subject or a directive is one of `exit`, `stdout`, `stderr`, `line`, `json`, `table`, `duration`, `service`, `http`, `metric`, `trace`, `capture`, `timeout`, `until`, `retry`, `redact`, `snapshot`, `skip`, `needs`, `role`, `all`, `any`, `none`",
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
        "`all`, `any` and `none` are for `json`, `table`, `header`, `metric` and `trace`",
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
        "write `not is null`",
    );
    wrong(
        "$.a == 1",
        "$.a",
        "unknown word `$.a`",
        "a path comes after `json`: `json $.a`",
    );
}

#[test]
fn every_wrong_line_is_told_and_the_right_ones_count() {
    let (expectations, diagnostics) = read("nope\nexit == 0\n\n# a remark\nalso nope");
    assert_eq!((expectations.statements.len(), diagnostics.len()), (1, 2));
}
