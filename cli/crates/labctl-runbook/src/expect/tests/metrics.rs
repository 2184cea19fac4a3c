//! Claims about metrics: what holds, what is refused.

use super::{
    super::{Statement, is_vacuous},
    support::{read, verdict, wrong},
};
use crate::{MetricObservation, Runbook, Verdict, metrics::exposition};

const BEFORE: &str = "hits_total{cache=\"a\"} 1\nhits_total{cache=\"b\"} 5\nup 1\n";
const AFTER: &str = "hits_total{cache=\"a\"} 3\nhits_total{cache=\"b\"} 5\nup 1\nnew_total 1\n";

#[track_caller]
fn check(claim: &str, expected: &Verdict) {
    let seen = MetricObservation {
        samples: exposition(AFTER).expect("it is one"),
        before: Some(Ok(exposition(BEFORE).expect("it is one"))),
    };
    let claim = claim.replace("hits", "metric hits_total");
    assert_eq!(verdict(&claim, &seen), *expected, "{claim}");
}

#[track_caller]
fn holds(claim: &str) {
    check(claim, &Verdict::Held);
}

#[track_caller]
fn fails(claim: &str, why: &str) {
    check(claim, &Verdict::Failed(why.to_owned()));
}

#[test]
fn values_and_changes_are_judged() {
    holds("hits{cache=\"a\"} == 3");
    holds("hits{cache=\"a\"} delta == 2");
    holds("hits{cache=\"b\"} delta == 0");
    holds("hits{cache=\"a\"} not == 4 # why");
    holds("hits{cache=\"a\"} == 3.1 ± 0.2");
    holds("hits{cache=\"a\"} exists");
    holds("hits count == 2");
    holds("all hits > 2");
    holds("metric gone_total not exists");
    fails("hits{cache=\"a\"} delta == 1", "got 2");
}

#[test]
fn what_is_missing_or_several_fails_and_says_what_there_is() {
    fails(
        "hits == 3",
        "there are 2: 3, 5; `all`, `any` or `none` speak of several; \
         they are: hits_total{cache=\"a\"} 3, hits_total{cache=\"b\"} 5",
    );
    fails(
        "hits{cache=\"c\"} == 0",
        "there is none; others of that name: hits_total{cache=\"a\"} 3, hits_total{cache=\"b\"} 5",
    );
    fails(
        "metric hit_total == 0",
        "there is none; there is a metric `hits_total`",
    );
    fails("metric absent == 0", "there is none");
    fails(
        "metric new_total delta == 1",
        "`new_total` was not there before the block",
    );
}

#[test]
fn a_wrong_word_is_pointed_at() {
    let help =
        "its name, labels if need be: `metric http_requests_total{method=\"GET\"} delta == 1`";
    wrong("metric == 1", "==", "which metric?", help);
    wrong(
        "metric rate(x[1m]) > 0",
        "rate(x[1m])",
        "`rate(x[1m])` names no series",
        "PromQL goes in double quotes: `metric \"sum(rate(hits_total[1m]))\" > 0`",
    );
    wrong(
        "metric a{b=c} == 1",
        "c",
        "a label's value in double quotes belongs here",
        "such as `{method=\"GET\"}`",
    );
    for word in ["increase", "delat"] {
        wrong(
            &format!("metric a {word} == 1"),
            word,
            &format!("unknown word `{word}`"),
            "did you mean `delta`?",
        );
    }
    wrong(
        "metric \"\" == 1",
        "\"\"",
        "which query?",
        "PromQL in the quotes: `metric \"sum(up)\" == 2`",
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    wrong(
        "metric a == \"1\"",
        "\"1\"",
        "a metric's value is a number",
        "in its own unit, mostly seconds or bytes: `== 1`, `< 0.25`",
    );
    wrong(
        "metric a contains 1",
        "contains",
        "`contains` says nothing of a metric",
        "compare it: `==`, `!=`, `<`, `<=`, `>`, `>=`",
    );
    wrong(
        "metric a delta exists",
        "exists",
        "`exists` says nothing of a change",
        "claim that of the metric, without `delta`",
    );
}

#[test]
fn the_page_must_say_where_its_metrics_are() {
    let told = |settings: &str, claim: &str| {
        let page = format!(
            "---\nlabctl: {settings}\n---\n\n```bash\ntrue\n```\n<!-- expect {claim} -->\n"
        );
        let found = Runbook::parse(&page).diagnostics;
        let told = found.iter().map(|found| found.message.clone());
        told.collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    let metrics = "{metrics: {api: \"http://x/metrics\"}}";
    assert_eq!(told(metrics, "metric a == 1"), none);
    assert_eq!(told(metrics, "metric a{job=\"api\"} == 1"), none);
    assert_eq!(
        told(metrics, "metric a{job=\"apo\"} == 1"),
        ["the page names no metrics of a job `apo`"]
    );
    assert_eq!(
        told(metrics, "metric \"up\" == 1"),
        ["the page does not say where its Prometheus is"]
    );
    assert_eq!(
        told("{up: false}", "metric a == 1"),
        ["the page does not say where its metrics are"]
    );
    assert_eq!(
        told("{prometheus: \"localhost:9090\"}", "exit == 0"),
        ["`localhost:9090` is no URL"]
    );
}

#[test]
fn a_claim_that_no_counter_can_fail_is_vacuous() {
    for (claim, expected) in [
        ("hits_total >= 0", true),
        ("hits_total delta not < 0", true),
        ("temperature >= 0", false),
        ("temperature delta >= 0", true),
        ("hits_total delta == 0", false),
        ("hits_total delta > 0", false),
        ("hits_total count >= 0", true),
        ("hits_total exists", false),
    ] {
        let (expectations, _) = read(&format!("metric {claim}"));
        let Statement::Claim(claim) = &expectations.statements[0] else {
            panic!()
        };
        assert_eq!(is_vacuous(claim), expected, "{}", claim.text);
    }
}
