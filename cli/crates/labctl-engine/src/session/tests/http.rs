//! Claims about what is answered over HTTP, asked of a server on loopback.

use std::time::Duration;

use labctl_runbook::{Runbook, Verdict};

use super::{
    bench::{Bench, code, outcomes},
    shell::Does::Exits,
};
use crate::test_server::{Answer, TestServer};

/// One block that claims this of the server: `URL` stands for its address.
fn claims(server: &TestServer, lines: &str) -> Bench {
    Bench::new(&["read"]).expects(0, &lines.replace("URL", &server.url("")))
}

#[tokio::test]
async fn each_claim_asks_for_itself_after_the_block() {
    let hit = Answer::new(200, "X-Cache: hit\r\n", "{\"price\": 29.99}");
    let server = TestServer::answering([hit]);
    let lines = "http GET URL/p/1 status == 200\nhttp GET URL/p/1 header x-cache == \"hit\"\n\
                 http GET URL/p/1 json $.price == 29.99\nhttp HEAD URL/p/1 status == 200";
    let report = claims(&server, lines).verify().await;
    assert_eq!(outcomes(&report), "passed");
    assert!(!report.steps[0].is_exit_only);
    assert_eq!(
        server.asked(),
        ["GET /p/1", "GET /p/1", "GET /p/1", "HEAD /p/1"]
    );
}

#[tokio::test]
async fn an_awaited_claim_is_asked_again_until_it_holds_and_says_how_long_that_took() {
    let server = TestServer::answering([
        Answer::new(503, "", ""),
        Answer::new(503, "", ""),
        Answer::new(200, "", ""),
    ]);
    let lines = "http GET URL/health status == 200 within 20s";
    let report = claims(&server, lines).verify().await;
    assert_eq!(outcomes(&report), "passed");
    assert_eq!(server.asked().len(), 3);
    let after = report.steps[0].judgements[1].after.expect("it was awaited");
    assert!(after >= Duration::from_millis(300), "{after:?}");
    assert!(after < Duration::from_secs(10), "{after:?}");
}

#[tokio::test]
async fn what_is_otherwise_until_the_deadline_has_failed() {
    let server = TestServer::answering([Answer::new(503, "", "")]);
    let report = claims(&server, "http GET URL/health status == 200 within 500ms")
        .verify()
        .await;
    assert_eq!(outcomes(&report), "failed");
    let judgement = &report.steps[0].judgements[1];
    assert_eq!(judgement.verdict, Verdict::Failed("it was 503".to_owned()));
    assert!((2..=4).contains(&server.asked().len()), "back-off");
    assert_eq!(code(report), 1);
}

#[tokio::test]
async fn where_nobody_answers_it_cannot_be_told() {
    let lines = {
        let server = TestServer::answering([]);
        format!(
            "http GET {} status == 200 within 200ms",
            server.url("/gone")
        )
    };
    let report = Bench::new(&["read"]).expects(0, &lines).verify().await;
    assert_eq!(outcomes(&report), "errored");
    let Verdict::Errored(why) = &report.steps[0].judgements[1].verdict else {
        panic!()
    };
    assert!(why.contains("Connection refused"), "{why}");
    assert_eq!(code(report), 3);
}

#[tokio::test]
async fn an_answer_that_never_comes_does_not_outlast_the_deadline() {
    let server = TestServer::answering([Answer::Never]);
    let began = std::time::Instant::now();
    let report = claims(&server, "http GET URL/ status == 200 within 100ms")
        .verify()
        .await;
    assert_eq!(outcomes(&report), "errored");
    assert!(began.elapsed() < Duration::from_secs(4), "not five seconds");
}

#[tokio::test]
async fn a_captured_id_is_asked_for() {
    let server = TestServer::answering([
        Answer::new(201, "", "{\"id\": \"a b\"}"),
        Answer::new(200, "", ""),
    ]);
    let page = "```bash\ntrue\n```\n<!-- expect\ncapture id = http POST URL/orders json $.id\n\
                http GET URL/orders/${id} status == 200\n-->\n"
        .replace("URL", &server.url(""));
    let mut page = Runbook::parse(&page);
    assert_eq!(page.diagnostics, []);
    let expectations = page.blocks.remove(0).expectations;
    let mut bench = Bench::new(&["order"]).block(0, |block| block.expectations = expectations);
    assert_eq!(outcomes(&bench.verify().await), "passed");
    assert_eq!(server.asked(), ["POST /orders", "GET /orders/a%20b"]);
}

#[tokio::test]
async fn secrets_are_masked_in_what_is_said_of_an_answer() {
    let server = TestServer::answering([Answer::new(200, "", "token hunter2hunter2")]);
    let report = claims(&server, "http GET URL/ body == \"x\"")
        .verify()
        .await;
    let seen = Verdict::Failed("got \"token [masked]\"".to_owned());
    assert_eq!(report.steps[0].judgements[1].verdict, seen);
}

#[tokio::test]
async fn run_asks_nobody_and_says_so() {
    let server = TestServer::answering([Answer::new(200, "", "")]);
    let mut bench = claims(&server, "http GET URL/ status == 200").does("read", [Exits("", 0)]);
    let played = bench.play().await;
    assert_eq!(played.exit_code, 0);
    assert!(played.lab.steps[0].notes[0].contains("`labctl verify`"));
    assert!(server.asked().is_empty());
}
