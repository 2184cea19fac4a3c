//! Claims about services: what holds, what is refused.

use super::{
    super::{Statement, is_vacuous},
    support::{read, verdict, wrong},
};
use crate::{Output, ServiceObservation, Verdict};

fn crashed_once() -> ServiceObservation {
    ServiceObservation {
        state: "running".to_owned(),
        exit_code: None,
        health: Some("starting".to_owned()),
        restarts: Some(1),
        logs: Some(Output {
            text: "opening\nrecovered 3 records\n".to_owned(),
            omitted_bytes: 0,
        }),
    }
}

#[track_caller]
fn check(claim: &str, seen: &ServiceObservation, expected: &Verdict) {
    let claim = format!("service kv.wal-1 {claim}");
    assert_eq!(verdict(&claim, seen), *expected, "{claim}");
}

#[track_caller]
fn holds(claim: &str, seen: &ServiceObservation) {
    check(claim, seen, &Verdict::Held);
}

#[track_caller]
fn fails(claim: &str, seen: &ServiceObservation, why: &str) {
    check(claim, seen, &Verdict::Failed(why.to_owned()));
}

#[test]
fn each_aspect_is_judged_on_what_was_seen() {
    let seen = crashed_once();
    holds("state == \"running\"", &seen);
    holds("state not == \"exited\"", &seen);
    fails("state != \"running\"", &seen, "it was running");
    fails("health == \"healthy\" within 20s", &seen, "it was starting");
    holds("restarts == 1 within 20s", &seen);
    fails("restarts > 1", &seen, "it was 1");
    holds("logs contains \"recovered\"", &seen);
    holds("logs matches /^recovered [0-9]+ records$/", &seen);
    holds("logs count == 2", &seen);
    fails(
        "logs not contains \"opening\"",
        &seen,
        "got \"opening\\nrecovered 3 records\"",
    );
}

#[test]
fn what_a_service_does_not_have_makes_no_claim_true() {
    let mut seen = crashed_once();
    fails("exit == 0", &seen, "it is running");
    fails("exit != 0", &seen, "it is running");
    seen.health = None;
    fails("health != \"healthy\"", &seen, "it has no health check");
    let gone = ServiceObservation {
        state: "not created".to_owned(),
        ..ServiceObservation::default()
    };
    holds("state == \"not created\"", &gone);
    fails("restarts == 0", &gone, "it is not created");
    fails("health != \"healthy\"", &gone, "it is not created");
    fails("logs not contains \"x\"", &gone, "it is not created");
    let ended = ServiceObservation {
        state: "exited".to_owned(),
        exit_code: Some(137),
        ..crashed_once()
    };
    holds("exit == 137", &ended);
    fails("exit == 0", &ended, "it was 137");
}

#[test]
fn of_a_log_that_was_cut_only_what_is_seen_is_certain() {
    let mut seen = crashed_once();
    seen.logs = Some(Output::cut("", 70, "recovered\n"));
    holds("logs contains \"recovered\"", &seen);
    let unknown = Verdict::Errored("the output was too long to be kept whole".to_owned());
    check("logs not contains \"panic\"", &seen, &unknown);
    check("logs count == 1", &seen, &unknown);
}

#[test]
fn a_wrong_word_is_pointed_at() {
    wrong(
        "service kv heath == \"healthy\"",
        "heath",
        "unknown word `heath`",
        "did you mean `health`?",
    );
    wrong(
        "service restarts == 1",
        "restarts",
        "which service?",
        "its name stands before `restarts`: `service api restarts …`",
    );
    let form = "as the Compose file has it: `service api state == \"running\"`";
    wrong("service", "", "a service's name is missing here", form);
    wrong(
        "service \"kv\" state == \"running\"",
        "\"kv\"",
        "`\"kv\"` is no service's name",
        form,
    );
    wrong(
        "service kv state == \"runing\"",
        "\"runing\"",
        "no service has this state",
        "did you mean `\"running\"`?",
    );
    wrong(
        "service kv health != \"up\"",
        "\"up\"",
        "no service has this health",
        "it is one of \"healthy\", \"unhealthy\", \"starting\"",
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    wrong(
        "service kv restarts contains 1",
        "contains",
        "`contains` says nothing of a number of restarts",
        "compare it: `==`, `!=`, `<`, `<=`, `>`, `>=`",
    );
    wrong(
        "service kv state matches /run/",
        "matches",
        "`matches` says nothing of a service's state",
        "compare it: `==` or `!=`",
    );
    wrong(
        "service kv health < \"healthy\"",
        "<",
        "words have no order",
        "compare it: `==` or `!=`",
    );
    wrong(
        "service kv restarts == 1.5",
        "1.5",
        "restarts are counted",
        "in whole numbers: `restarts == 1`",
    );
    wrong(
        "service kv exit == 256",
        "256",
        "no container exits so",
        "exit codes are 0 to 255; 128 + n is signal n",
    );
    wrong(
        "all service kv state == \"running\"",
        "all",
        "there is only one of it",
        "`all`, `any` and `none` are for `json`, `table`, `header`, `metric` and `trace`",
    );
    wrong(
        "until service kv health == \"healthy\"",
        "service kv health == \"healthy\"",
        "`until` is asked while the block runs",
        "only its output can answer: `until stdout contains \"ready\"`",
    );
    wrong(
        "service kv logs not contains \"x\" within 5s",
        "service kv logs not contains \"x\" within 5s",
        "this holds before anything is logged, so waiting for it proves nothing",
        "leave out the `within`, or await a line: `logs contains \"…\" within 5s`",
    );
    wrong(
        "service kv restarts == 1 within 20",
        "20",
        "`20` is not a duration",
        "a number and its unit: `250ms`, `5s`, `2m`",
    );
}

#[test]
fn a_claim_that_no_service_can_fail_is_vacuous() {
    for (claim, expected) in [
        ("restarts >= 0", true),
        ("restarts not < 0", true),
        ("restarts == 0", false),
        ("restarts >= 1", false),
        ("logs not contains \"x\"", true),
        ("logs is empty", false),
        ("logs contains \"x\"", false),
        ("state != \"exited\"", false),
    ] {
        let (expectations, _) = read(&format!("service kv {claim}"));
        let Statement::Claim(claim) = &expectations.statements[0] else {
            panic!()
        };
        assert_eq!(is_vacuous(claim), expected, "{}", claim.text);
    }
}
