//! Claims about metrics, read from a server on loopback before and after the block.

use labctl_runbook::{Runbook, Verdict};

use super::bench::{Bench, outcomes};
use crate::{
    LabReport,
    test_server::{Answer, TestServer},
};

/// One block that claims this, on a page whose front matter says this; `URL` stands for the server's address.
async fn verify(server: &TestServer, settings: &str, lines: &str) -> LabReport {
    let page =
        format!("---\nlabctl: {settings}\n---\n\n```bash\ntrue\n```\n<!-- expect\n{lines}\n-->\n");
    let mut page = Runbook::parse(&page.replace("URL", &server.url("")));
    assert_eq!(page.diagnostics, []);
    let mut bench = Bench::new(&["read"]);
    bench.runbook.front_matter = page.front_matter;
    let expectations = page.blocks.remove(0).expectations;
    let mut bench = bench.block(0, |block| block.expectations = expectations);
    bench.verify().await
}

fn page(text: &str) -> Answer {
    Answer::new(200, "", text)
}

#[tokio::test]
async fn a_change_is_from_just_before_the_block() {
    let server = TestServer::answering([
        page("hits_total 41\n"),
        page("hits_total 41\n"),
        page("hits_total 42\n"),
    ]);
    let report = verify(
        &server,
        "{metrics: \"URL/metrics\"}",
        "metric hits_total delta == 1 within 20s",
    )
    .await;
    assert_eq!(outcomes(&report), "passed");
    assert_eq!(server.asked().len(), 3);
    assert!(report.steps[0].judgements[1].after.is_some());
}

#[tokio::test]
async fn a_series_that_is_missing_fails_and_is_not_zero() {
    let server = TestServer::answering([page("hits_total 41\n")]);
    let settings = "{metrics: \"URL/metrics\"}";
    for line in ["metric misses_total == 0", "metric misses_total delta == 0"] {
        let report = verify(&server, settings, line).await;
        assert_eq!(outcomes(&report), "failed", "{line}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_before_the_block_is_an_error() {
    let server = TestServer::answering([Answer::new(503, "", ""), page("hits_total 41\n")]);
    let line = "metric hits_total delta == 0";
    let report = verify(&server, "{metrics: \"URL/metrics\"}", line).await;
    assert_eq!(outcomes(&report), "errored");
    let Verdict::Errored(why) = &report.steps[0].judgements[1].verdict else {
        panic!()
    };
    assert!(why.starts_with("before the block: GET http://"), "{why}");
    assert!(why.ends_with("status 503"), "{why}");
}

#[tokio::test]
async fn only_the_pages_that_can_be_meant_are_read_and_their_job_is_a_label() {
    let server = TestServer::answering([page("hits_total 41\n")]);
    let report = verify(
        &server,
        "{metrics: {api: \"URL/api\", worker: \"URL/worker\"}}",
        "metric hits_total{job=\"worker\"} == 41",
    )
    .await;
    assert_eq!(outcomes(&report), "passed");
    assert_eq!(server.asked(), ["GET /worker"]);
}

#[tokio::test]
async fn a_query_is_asked_of_prometheus() {
    let vector = "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[\
                  {\"metric\":{},\"value\":[1,\"3\"]}]}}";
    let server = TestServer::answering([page(vector)]);
    let report = verify(
        &server,
        "{prometheus: \"URL\"}",
        "metric \"sum(hits_total)\" == 3",
    )
    .await;
    assert_eq!(outcomes(&report), "passed");
    assert_eq!(
        server.asked(),
        ["GET /api/v1/query?query=sum%28hits%5Ftotal%29"]
    );
}

#[tokio::test]
async fn a_query_that_prometheus_refuses_is_not_asked_again() {
    let refused = "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}";
    let server = TestServer::answering([Answer::new(400, "", refused)]);
    let line = "metric \"sum(\" == 3 within 20s";
    let report = verify(&server, "{prometheus: \"URL\"}", line).await;
    assert_eq!(outcomes(&report), "errored");
    assert_eq!(server.asked().len(), 1);
}
