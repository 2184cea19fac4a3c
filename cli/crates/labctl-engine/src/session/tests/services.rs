//! Claims about services: asked after the block, again where they are awaited.

use std::time::{Duration, SystemTime};

use labctl_runbook::{Output, ServiceObservation, Verdict};

use super::{
    bench::{Bench, code, outcomes},
    shell::Does::Exits,
};

/// One block that claims this of the lab's service.
fn claims(lines: &str) -> Bench {
    Bench::new(&["crash"]).expects(0, lines)
}

fn restarted(times: u64) -> ServiceObservation {
    ServiceObservation {
        state: "running".to_owned(),
        restarts: Some(times),
        ..ServiceObservation::default()
    }
}

/// The service answers with these counts, one after the other; the last one stays.
fn answering(bench: Bench, counts: &[u64]) -> Bench {
    bench.runtime(|runtime| {
        runtime.answers = counts.iter().map(|times| Ok(restarted(*times))).collect();
    })
}

fn times_asked(bench: &Bench) -> usize {
    bench.runtime.as_ref().unwrap().asked.len()
}

#[tokio::test(start_paused = true)]
async fn an_awaited_claim_is_asked_again_until_it_holds() {
    let mut bench = answering(claims("service api restarts == 1 within 20s"), &[0, 0, 1]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed");
    assert_eq!(times_asked(&bench), 3);
    let step = &report.steps[0];
    assert_eq!(step.judgements[1].verdict, Verdict::Held);
    assert_eq!(step.judgements[1].after, Some(Duration::from_millis(300)));
    assert!(!step.is_exit_only);
}

#[tokio::test(start_paused = true)]
async fn what_never_becomes_true_fails_at_the_deadline_and_is_asked_then() {
    let mut bench = answering(claims("service api restarts == 2 within 20s"), &[0, 1]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "failed");
    let judgement = &report.steps[0].judgements[1];
    assert_eq!(judgement.verdict, Verdict::Failed("it was 1".to_owned()));
    assert_eq!(judgement.after, Some(Duration::from_secs(20)));
    assert!((10..30).contains(&times_asked(&bench)), "back-off");
    assert_eq!(code(report), 1);
}

#[tokio::test(start_paused = true)]
async fn without_within_it_is_asked_once() {
    let mut bench = answering(claims("service api restarts == 1"), &[0, 1]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "failed");
    assert_eq!(report.steps[0].judgements[1].after, None);
    assert_eq!(times_asked(&bench), 1);
}

#[tokio::test(start_paused = true)]
async fn several_waits_count_from_the_blocks_end_together() {
    let lines =
        "service api restarts == 2 within 20s\nservice api health == \"healthy\" within 20s";
    let mut bench = answering(claims(lines), &[0]);
    let began = tokio::time::Instant::now();
    assert_eq!(outcomes(&bench.verify().await), "failed");
    assert_eq!(began.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_an_error_at_once_and_names_what_there_is() {
    let mut bench = claims("service apo restarts == 1 within 20s");
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "errored");
    let verdict = report.steps[0].judgements[1].verdict.clone();
    let why = "no service named `apo`; there are api".to_owned();
    assert_eq!(verdict, Verdict::Errored(why));
    assert_eq!(code(report), 3);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_gone_is_an_error_but_may_come_back() {
    let mut bench = claims("service api restarts == 1 within 20s").runtime(|runtime| {
        runtime.answers = [Err("the engine is gone"), Ok(restarted(1))].into();
    });
    assert_eq!(outcomes(&bench.verify().await), "passed");
    let mut bench = claims("service api restarts == 1 within 20s")
        .runtime(|runtime| runtime.answers = [Err("the engine is gone")].into());
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "errored");
    assert_eq!(code(report), 3);
}

#[tokio::test]
async fn without_services_it_cannot_be_told() {
    let mut bench = claims("service api restarts == 1 within 20s");
    bench.runtime = None;
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "errored");
    let Verdict::Errored(why) = &report.steps[0].judgements[1].verdict else {
        panic!()
    };
    assert!(why.contains("takes a Compose file"), "{why}");
    assert_eq!(code(report), 3);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_the_wait() {
    let mut bench = answering(claims("service api restarts == 2 within 20s"), &[0]);
    let (cancel, began) = (bench.cancel.clone(), tokio::time::Instant::now());
    let interrupt = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    };
    let (report, ()) = tokio::join!(bench.verify(), interrupt);
    assert_eq!(outcomes(&report), "cancelled");
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(bench.calls().last(), Some(&"tear down"));
}

#[tokio::test(start_paused = true)]
async fn the_labs_deadline_ends_the_wait() {
    let mut bench = answering(claims("service api restarts == 2 within 2h"), &[0]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "late");
    assert_eq!(report.errors.len(), 1);
}

#[tokio::test]
async fn logs_are_those_since_the_block_began_with_secrets_masked() {
    let before = SystemTime::now();
    let mut bench = claims("service api logs == \"token [masked]\"");
    assert_eq!(outcomes(&bench.verify().await), "passed");
    let since = bench.runtime.as_ref().unwrap().asked[0].expect("logs were asked for");
    assert!(since >= before && since <= SystemTime::now());
}

#[tokio::test]
async fn a_retried_block_answers_for_the_log_of_its_last_attempt() {
    let mut bench =
        claims("retry 2 every 1ms\nservice api logs contains \"x\"").runtime(|runtime| {
            let log = |text: &str| ServiceObservation {
                logs: Some(Output {
                    text: text.to_owned(),
                    omitted_bytes: 0,
                }),
                ..restarted(0)
            };
            runtime.answers = [Ok(log("")), Ok(log("x\n"))].into();
        });
    assert_eq!(outcomes(&bench.verify().await), "passed");
    let asked = &bench.runtime.as_ref().unwrap().asked;
    assert!(asked[0] < asked[1], "{asked:?}");
}

#[tokio::test]
async fn a_service_can_be_captured_and_compared() {
    let mut bench =
        Bench::new(&["before", "after"]).expects(0, "capture before = service api restarts");
    let page = "```bash\na\n```\n<!-- expect capture before = service api restarts -->\n\n\
                ```bash\nb\n```\n<!-- expect service api restarts > $before -->\n";
    let mut page = labctl_runbook::Runbook::parse(page);
    assert_eq!(page.diagnostics, []);
    let expectations = page.blocks.remove(1).expectations;
    bench = bench.block(1, |block| block.expectations = expectations);
    let mut bench = answering(bench, &[3, 4]);
    let report = bench.verify().await;
    assert_eq!(outcomes(&report), "passed passed");
    assert!(report.steps[0].is_exit_only && !report.steps[1].is_exit_only);
}

#[tokio::test]
async fn run_leaves_them_out_and_says_so() {
    let mut bench = claims("service api restarts == 1 within 20s");
    bench = bench.does("crash", [Exits("", 0)]);
    let played = bench.play().await;
    assert_eq!(played.exit_code, 0);
    let step = &played.lab.steps[0];
    assert_eq!(step.judgements.len(), 1);
    assert!(
        step.notes[0].contains("`labctl verify`"),
        "{:?}",
        step.notes
    );
}
