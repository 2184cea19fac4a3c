//! Claims about what is answered over HTTP: what holds, what is refused.

use serde_json::json;

use super::{
    super::{HttpMethod, Statement, Subject, is_vacuous, judge},
    support::{read, verdict, wrong},
};
use crate::{Captures, HttpObservation, Output, Runbook, Verdict};

fn answer(status: u16, body: &str) -> HttpObservation {
    HttpObservation {
        status,
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("set-cookie".to_owned(), "a=1".to_owned()),
            ("set-cookie".to_owned(), "b=2".to_owned()),
        ],
        body: Output {
            text: body.to_owned(),
            omitted_bytes: 0,
        },
    }
}

fn hit() -> HttpObservation {
    answer(200, "{\"cache_status\": \"hit\", \"tags\": [1, 2]}\n")
}

/// `claim`: with `URL` for what is asked.
#[track_caller]
fn check(claim: &str, seen: &HttpObservation, expected: &Verdict) {
    let claim = claim.replace("URL", "http GET http://localhost:8000/x?a=b#c");
    assert_eq!(verdict(&claim, seen), *expected, "{claim}");
}

#[track_caller]
fn holds(claim: &str, seen: &HttpObservation) {
    check(claim, seen, &Verdict::Held);
}

#[track_caller]
fn fails(claim: &str, seen: &HttpObservation, why: &str) {
    check(claim, seen, &Verdict::Failed(why.to_owned()));
}

#[test]
fn each_part_is_judged_on_what_was_answered() {
    holds("URL status == 200", &hit());
    holds("URL status < 300 within 5s", &hit());
    fails("URL status not == 200", &hit(), "it was 200");
    holds("URL header Content-Type contains \"json\"", &hit());
    holds("URL header x-cache not exists", &hit());
    holds("URL header set-cookie count == 2", &hit());
    holds("any URL header set-cookie == \"b=2\"", &hit());
    holds("URL body contains \"hit\"", &hit());
    holds("URL body matches /^\\{.*\\}$/", &hit());
    holds("URL body count == 1", &hit());
    holds("URL json $.cache_status == \"hit\" within 2s # why", &hit());
    holds("all URL json $.tags[*] > 0", &hit());
    holds("URL json $ is object", &hit());
    holds("URL json $.error not exists", &hit());
}

#[test]
fn what_was_not_answered_makes_no_claim_true() {
    let page = answer(502, "<html>");
    let no_json = "the body of the answer (502) is no JSON: expected value at line 1 column 1";
    fails("URL json $.error not exists", &page, no_json);
    fails("URL json $.a count == 0", &page, no_json);
    fails(
        "URL json $.a == 1",
        &answer(204, ""),
        "the answer (204) has no body",
    );
    fails("URL header x-cache != \"miss\"", &page, "there is none");
    fails(
        "URL header set-cookie == \"b=2\"",
        &page,
        "there are 2: \"a=1\", \"b=2\"; `all`, `any` or `none` speak of several",
    );
}

#[test]
fn of_a_body_that_was_cut_only_what_is_seen_is_certain() {
    let mut seen = hit();
    seen.body = Output::cut("ready\n", 9, "");
    holds("URL body contains \"ready\"", &seen);
    let unknown = Verdict::Errored("the output was too long to be kept whole".to_owned());
    check("URL body not contains \"error\"", &seen, &unknown);
    check("URL json $.a == 1", &seen, &unknown);
    holds("URL status == 200", &seen);
}

#[test]
fn a_value_of_an_answer_is_kept_and_goes_into_a_later_url() {
    let mut captures = Captures::default();
    let (expectations, found) = read("capture id = http POST http://localhost/orders json $.id");
    assert_eq!(found, []);
    let kept = judge(
        &expectations.statements[0],
        &answer(201, "{\"id\": \"a/1\"}"),
        &mut captures,
    );
    assert_eq!(kept, Verdict::Held);
    assert_eq!(captures.get("id"), Some(&json!("a/1")));
    let (expectations, found) = read("http GET http://localhost/orders/${id} status == 200");
    assert_eq!(found, []);
    let Subject::Http(asked) = expectations.statements[0].subject() else {
        panic!()
    };
    assert_eq!(asked.method, HttpMethod::Get);
    let url = "http://localhost/orders/a%2F1".to_owned();
    assert_eq!(asked.url.fill(&captures), Ok(url));
}

#[test]
fn a_wrong_word_is_pointed_at() {
    wrong(
        "http GTE http://x/ status == 200",
        "GTE",
        "unknown word `GTE`",
        "did you mean `GET`?",
    );
    wrong(
        "http get http://x/ status == 200",
        "get",
        "unknown word `get`",
        "did you mean `GET`?",
    );
    wrong(
        "http http://x/ status == 200",
        "http://x/",
        "which method?",
        "it stands before the URL: `http GET http://x/ …`",
    );
    wrong(
        "http GET status == 200",
        "status",
        "which URL?",
        "it stands behind the method: `http GET http://localhost:8000/health status == 200`",
    );
    wrong(
        "http GET localhost:8000/x status == 200",
        "localhost:8000/x",
        "`localhost:8000/x` is no URL",
        "with its scheme: `http://localhost:8000/x`",
    );
    wrong(
        "http GET /x status == 200",
        "/x",
        "`/x` is no URL",
        "with scheme and host: `http://localhost:8000/x`",
    );
    wrong(
        "http GET ftp://x/ status == 200",
        "ftp://x/",
        "`ftp` is not what labctl asks over",
        "over `http` or `https`",
    );
    wrong(
        "http GET http://x:99999/ status == 200",
        "http://x:99999/",
        "`http://x:99999/` is no URL: invalid port number",
        "such as `http://localhost:8000/health`",
    );
    wrong(
        "http GET http://x/ staus == 200",
        "staus",
        "unknown word `staus`",
        "did you mean `status`?",
    );
    wrong(
        "http GET http://x/",
        "",
        "what of the answer is missing here",
        "one of `status`, `header`, `body`, `json`",
    );
    wrong(
        "http GET http://x/ header == \"a\"",
        "==",
        "which header?",
        "its name: `header content-type`",
    );
    wrong(
        "http GET http://x/ header \"etag\" exists",
        "\"etag\"",
        "`\"etag\"` is no header's name",
        "without quotes or colon: `header etag`",
    );
    let help = "a captured value is written `${name}`, the sign itself `%24`";
    let message = "`$` in a URL is not followed by a captured value";
    wrong("http GET http://x/$id status == 200", "$id", message, help);
    wrong(
        "http GET http://x/${id status == 200",
        "${id",
        message,
        help,
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    wrong(
        "http HEAD http://x/ body contains \"x\"",
        "body",
        "an answer to `HEAD` has no body",
        "ask with `GET`",
    );
    wrong(
        "http POST http://x/ status == 201 within 5s",
        "within",
        "`POST` changes things, so it is asked only once",
        "leave out the `within`, and await what it does with `GET`",
    );
    wrong(
        "http GET http://x/ status == 20",
        "20",
        "no answer has this status",
        "a status is a whole number from 100 to 599",
    );
    wrong(
        "http GET http://x/ status == 200 ± 1",
        "",
        "statuses next to each other mean different things",
        "leave out the `±`",
    );
    wrong(
        "http GET http://x/ status exists",
        "exists",
        "`exists` says nothing of a status",
        "it is always there",
    );
    wrong(
        "http GET http://x/ body == true",
        "true",
        "a body is text",
        "compare it with text in double quotes or with a number",
    );
    wrong(
        "all http GET http://x/ body contains \"x\"",
        "all",
        "there is only one of it",
        "`all`, `any` and `none` are for `json`, `table`, `header`, `metric` and `trace`",
    );
    wrong(
        "until http GET http://x/ status == 200",
        "http GET http://x/ status == 200",
        "`until` is asked while the block runs",
        "only its output can answer: `until stdout contains \"ready\"`",
    );
}

#[test]
fn a_url_needs_what_it_names_to_be_captured_before() {
    let page = |claims: &str| {
        let page = format!("```bash\ntrue\n```\n<!-- expect\n{claims}\n-->\n");
        let found = Runbook::parse(&page).diagnostics;
        let told = found.iter().map(|found| {
            let place = &page[found.span.range()];
            format!("{place}: {}: {:?}", found.message, found.help)
        });
        told.collect::<Vec<_>>()
    };
    let asks = "http GET http://x/${ordr} status == 200";
    assert_eq!(
        page(&format!("capture order = json $.id\n{asks}")),
        ["${ordr}: nothing before this captures `ordr`: Some(\"did you mean `${order}`?\")"]
    );
    let own = "capture id = http GET http://x/${id} json $.id";
    assert_eq!(page(own).len(), 1);
    assert!(page(&format!("capture ordr = json $.id\n{asks}")).is_empty());
}

#[test]
fn a_claim_that_holds_of_any_answer_is_vacuous() {
    for (claim, expected) in [
        ("status >= 100", true),
        ("status not < 100", true),
        ("status != 500", false),
        ("status == 200", false),
        ("body not contains \"error\"", true),
        ("body is empty", false),
        ("header x-cache not exists", false),
        ("json $.a not exists", false),
    ] {
        let (expectations, _) = read(&format!("http GET http://x/ {claim}"));
        let Statement::Claim(claim) = &expectations.statements[0] else {
            panic!()
        };
        assert_eq!(is_vacuous(claim), expected, "{}", claim.text);
    }
}
