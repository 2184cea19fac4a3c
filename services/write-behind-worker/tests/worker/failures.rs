//! Writes that fail: on purpose, for good, or because they are none.

use redis::Commands as _;
use serde_json::Value;
use test_service::until;
use write_behind_queue::{DEAD_LETTERS, Operation};

use crate::lab::{Lab, WINDOW, counts, entry, metric, product};

const RETRIES: &str = r#"worker_retries_total{service="worker"}"#;

fn given_up(operation: &str) -> String {
    format!(r#"worker_failed_writes_total{{service="worker",operation="{operation}"}}"#)
}

#[tokio::test]
async fn with_every_attempt_failing_each_write_is_tried_three_times_and_kept_as_a_dead_letter() {
    let lab = Lab::start();
    lab.update("a", "a1", WINDOW).await;
    lab.insert("b", "b1").await;
    lab.delete("c").await;
    let queued = lab.list(write_behind_queue::QUEUE);
    let worker = lab.worker(&[("SIMULATE_DB_FAILURE", "True"), ("FAILURE_RATE", "1")]);
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a0 c=c0");

    let letters = lab.list(DEAD_LETTERS);
    for (letter, queued) in letters.iter().zip(&queued) {
        let start = &queued[..queued.len() - 1];
        let end = letter
            .strip_prefix(start)
            .unwrap_or_else(|| panic!("{letter}"));
        let rest: Value = serde_json::from_str(&format!("{{\"x\":0{end}")).unwrap();
        assert_eq!(rest["error"], "simulated database failure");
        let failed_at = rest["failed_at"].as_str().unwrap();
        assert!(failed_at.starts_with("20") && failed_at.ends_with("+00:00"));
        assert_eq!(rest.as_object().unwrap().len(), 3, "{letter}");
    }
    assert_eq!(letters.len(), 3);
    let seconds: i64 = lab.raw().ttl("cache:product:a").unwrap();
    assert!(seconds > 0, "nothing of it waits any more");

    until(async || metric(&worker, &given_up("delete")) > 0.5).await;
    counts(&worker, RETRIES, 6);
    counts(
        &worker,
        r#"worker_db_failure_simulation{service="worker"}"#,
        1,
    );
    for operation in ["insert", "update", "delete"] {
        counts(&worker, &given_up(operation), 1);
        let of = format!(r#"service="worker",operation="{operation}""#);
        let processed =
            |status| format!(r#"worker_writes_processed_total{{{of},status="{status}"}}"#);
        counts(&worker, &processed("failed"), 1);
        counts(&worker, &processed("success"), 0);
        counts(
            &worker,
            &format!("worker_write_duration_seconds_count{{{of}}}"),
            0,
        );
    }
    let (_, log) = worker.terminate();
    for fact in [
        "simulation=true failure_rate=1",
        r#"WARN write_behind_worker::writer: write failed id="a" error="simulated database failure" attempt=1 max_attempts=3"#,
        r#"write failed id="b" error="simulated database failure" attempt=3 max_attempts=3"#,
        r#"ERROR write_behind_worker::writer: write moved to DLQ id="c" error="simulated database failure""#,
    ] {
        assert!(log.contains(fact), "no `{fact}` in\n{log}");
    }
    assert_eq!(log.matches("write failed").count(), 9, "{log}");
}

#[tokio::test]
async fn what_fails_now_and_then_is_tried_again_until_it_is_written() {
    let lab = Lab::start();
    for name in ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"] {
        lab.update("a", name, None).await;
    }
    let variables = [
        ("SIMULATE_DB_FAILURE", "true"),
        ("FAILURE_RATE", "0.7"),
        ("MAX_RETRIES", "100000"),
        ("RETRY_DELAY_MS", "1"),
    ];
    let worker = lab.worker(&variables);
    lab.until_drained().await;
    assert_eq!(lab.history("a"), "a1 a2 a3 a4 a5 a6 a7 a8 a9");
    assert!(lab.list(DEAD_LETTERS).is_empty());
    assert!(metric(&worker, RETRIES) > 0.5);
}

#[tokio::test]
async fn poison_goes_to_the_dead_letters_and_holds_up_nothing() {
    let lab = Lab::start();
    let too_much = entry(Operation::Update(product("a", "a9"))).replace("1.5", "1e300");
    let too_long = entry(Operation::Insert(product("b", &"b".repeat(256))));
    lab.update("a", "a1", None).await;
    lab.push("no json");
    lab.push(&too_much);
    lab.insert("b", "b1").await;
    lab.push(r#"{"id":3}"#);
    lab.push(&too_long);
    lab.update("c", "c1", None).await;
    let worker = lab.worker(&[]);
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a1 b=b1 c=c1");
    let letters: Vec<Value> = lab
        .list(DEAD_LETTERS)
        .iter()
        .map(|letter| serde_json::from_str(letter).unwrap())
        .collect();
    assert_eq!(letters.len(), 4);
    assert_eq!(letters[0]["raw"], "no json");
    assert_eq!(letters[1]["raw"], r#"{"id":3}"#);
    for (letter, (id, reason)) in letters[2..]
        .iter()
        .zip([("a", "numeric"), ("b", "too long")])
    {
        assert_eq!(letter["id"], id);
        let error = letter["error"].as_str().unwrap();
        assert!(error.contains(reason), "{error}");
    }
    until(async || metric(&worker, &given_up("insert")) > 0.5).await;
    counts(&worker, &given_up("unknown"), 2);
    counts(&worker, &given_up("update"), 1);
    counts(&worker, RETRIES, 0);
    let (_, log) = worker.terminate();
    assert!(
        log.contains(r#"malformed entry moved to DLQ raw="no json""#),
        "{log}"
    );
}

/// Refused for a reason that may pass: as often as is said, and then given up.
#[tokio::test]
async fn what_the_database_refuses_is_tried_again_alone() {
    let lab = Lab::start();
    lab.sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.name = 'refused' THEN RAISE 'no'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER no BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION no();",
    );
    for name in ["a1", "refused", "a3", "a4"] {
        lab.update("a", name, None).await;
    }
    lab.update("c", "refused", None).await;
    let worker = lab.worker(&[("MAX_RETRIES", "2")]);
    lab.until_drained().await;
    assert_eq!(lab.rows(), "a=a4 c=c0");
    assert_eq!(lab.history("a"), "a1 a3 a4", "each by itself, in order");
    assert_eq!(lab.list(DEAD_LETTERS).len(), 2);
    counts(&worker, RETRIES, 2);
}
