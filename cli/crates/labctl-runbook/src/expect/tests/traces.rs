//! Claims about traces: what is refused, what proves nothing. What holds is in this crate's `tests/traces.rs`.

use super::{
    super::{Statement, is_vacuous},
    support::{read, wrong},
};

const EXAMPLE: &str = "`trace api \"POST /items\" span \"redis_set\" exists`";

#[test]
fn what_is_missing_is_asked_for() {
    wrong(
        "trace",
        "",
        "which service?",
        &format!("its `service.name` stands before the span's: {EXAMPLE}"),
    );
    wrong(
        "trace \"POST /items\" exists",
        "\"POST",
        "which service?",
        &format!("its `service.name` stands before the span's: {EXAMPLE}"),
    );
    wrong(
        "trace api exists",
        "exists",
        "the name of its first span is missing here",
        &format!("such as {EXAMPLE}"),
    );
    wrong(
        "trace api POST exists",
        "POST",
        "`POST` is no span's name",
        "quote it, all of it: `\"GET /items/{item_id}\"`",
    );
    wrong(
        "trace api \"r\" span exists",
        "exists",
        "which span?",
        &format!("such as {EXAMPLE}"),
    );
    wrong(
        "trace api \"r\" attribute == 1",
        "==",
        "which attribute?",
        "its key: `attribute cache.hit == true`",
    );
    wrong(
        "trace api \"r\" gap \"a\" >= 0s",
        ">=",
        "which other span?",
        &format!("such as {EXAMPLE}"),
    );
    wrong(
        "trace[0] api \"r\" exists",
        "0",
        "`0` is no trace's number",
        "traces count from 1, and from -1 at the end",
    );
    wrong(
        "trace api \"r\" chidren == []",
        "chidren",
        "unknown word `chidren`",
        "did you mean `children`?",
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    wrong(
        "trace api \"r\" == 1",
        "==",
        "a trace is not compared",
        "say what of it: `exists`, `count == 1`, `duration < 50ms`, `children == [\"db_read\"]`",
    );
    wrong(
        "trace api \"r\" span \"a\" contains \"b\"",
        "contains",
        "`contains` says nothing of a span",
        "say what of it: `exists`, `count == 1`, `duration < 50ms`, `children == [\"db_read\"]`",
    );
    wrong(
        "trace api \"r\" duration < 5",
        "5",
        "a duration needs its unit",
        "such as `duration < 500ms`",
    );
    wrong(
        "trace api \"r\" status == \"failed\"",
        "\"failed\"",
        "no span has this status",
        "one of `\"unset\"`, `\"ok\"`, `\"error\"`",
    );
    wrong(
        "trace api \"r\" kind == \"srv\"",
        "\"srv\"",
        "no span is of this kind",
        "one of `\"internal\"`, `\"server\"`, `\"client\"`, `\"producer\"`, `\"consumer\"`",
    );
    wrong(
        "trace api \"r\" children == \"a\"",
        "\"a\"",
        "it is an array of names",
        "`== [\"a\"]` for all of them, `contains \"a\"` for one",
    );
    wrong(
        "trace api \"r\" ratio \"a\" \"b\" > \"2\"",
        "\"2\"",
        "a ratio is a number",
        "such as `> 1.5`",
    );
    wrong(
        "trace api \"r\" kind matches /s/",
        "matches",
        "`matches` says nothing of a kind",
        "compare it: `==` or `!=`",
    );
}

#[test]
fn a_claim_that_no_span_can_fail_is_vacuous() {
    for (claim, expected) in [
        ("duration >= 0s", true),
        ("ratio \"a\" \"b\" not < 0", true),
        ("gap \"a\" \"b\" >= 0s", false),
        ("not exists", false),
        ("count == 0", false),
        ("span \"a\" not exists", false),
        ("attribute k not exists", false),
        ("duration < 1s", false),
    ] {
        let (expectations, _) = read(&format!("trace api \"r\" {claim}"));
        let Statement::Claim(claim) = &expectations.statements[0] else {
            panic!("{claim}")
        };
        assert_eq!(is_vacuous(claim), expected, "{}", claim.text);
    }
}
