//! What claims mean, in words.

use crate::Runbook;

#[track_caller]
fn check(claim: &str, expected: &str) {
    let page = format!("```bash\ntrue\n```\n<!-- expect\n{claim}\n-->\n");
    let runbook = Runbook::parse(&page);
    let statements = &runbook.blocks[0].expectations.statements;
    let words: Vec<_> = statements
        .iter()
        .map(crate::expect::Statement::in_plain_words)
        .collect();
    assert_eq!(words, [expected], "{:?}", runbook.diagnostics);
}

#[test]
fn a_claim_is_a_sentence() {
    for (claim, words) in [
        ("exit == 0", "its exit code is 0"),
        (
            "stdout not contains \"a\"",
            "what it prints does not contain \"a\"",
        ),
        (
            "stderr is empty",
            "what it prints to standard error is of the kind `empty`",
        ),
        ("stdout count >= 2", "what it prints has at least 2 lines"),
        (
            "table[NAME] count == 3",
            "the column `NAME` of the table it prints is there exactly 3 times",
        ),
        (
            "line[-1] matches /x$/",
            "the last line it prints matches /x$/",
        ),
        ("line[12] == \"a\"", "the 12th line it prints is \"a\""),
        ("line[-2] == \"a\"", "the 2nd line from the end is \"a\""),
        (
            "json $.price == 2.5 ± 0.5  # rounded",
            "`$.price` in the JSON it prints is 2.5, give or take 0.5 (rounded)",
        ),
        (
            "json[3] $.a != null",
            "`$.a` in the 3rd JSON document it prints is other than null",
        ),
        (
            "all table[STATE] == \"up\"",
            "each of these: the column `STATE` of the table it prints is \"up\"",
        ),
        (
            "any json $[*].id exists",
            "at least one of these: `$[*].id` in the JSON it prints is there",
        ),
        ("duration < 250ms", "the time it takes is less than 250ms"),
        (
            "capture id = json $.id",
            "`$.id` in the JSON it prints is kept as `id`",
        ),
        (
            "service api restarts == 1",
            "the number of restarts of service `api` is 1",
        ),
        (
            "service api logs contains \"ready\"",
            "what service `api` has logged since the block began contains \"ready\"",
        ),
        (
            "http GET http://localhost:8000/health json $.status == \"ok\" within 5s",
            "`$.status` in the JSON that labctl gets for `GET http://localhost:8000/health` is \"ok\"; asked again until it is so, for at most 5s",
        ),
        (
            "metric hits_total{op=\"get\"} delta == 1",
            "the change of the metric `hits_total{op=\"get\"}` since the block began is 1",
        ),
        (
            "metric \"sum(up)\" > 1",
            "what Prometheus answers to `sum(up)` is more than 1",
        ),
        (
            "trace api \"GET /a\" span \"db\" duration > 1ms",
            "the time of the span `db` in the trace `GET /a` of `api` is more than 1ms",
        ),
        (
            "trace[2] api \"GET /a\" ratio \"a\" \"b\" >= 2",
            "how many times as long `a` takes as `b` in the 2nd trace `GET /a` of `api` is at least 2",
        ),
    ] {
        check(claim, words);
    }
}
