//! One write through the client is one trace, over all nodes.

use test_service::{Collector, trace_id};

use crate::lab::Lab;

/// Sends a request of the trace with this number.
async fn ask(lab: &Lab, trace: u8, method: reqwest::Method, node: &str, path: &str) {
    let request = lab.http.request(method, format!("{}{path}", lab.url(node)));
    let request = request
        .header(
            "traceparent",
            format!("00-{}-b7ad6b7169203331-01", trace_id(trace)),
        )
        .body(r#"{"key":"k","value":1}"#);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// How many of the spans begin so and contain this.
fn count(spans: &[String], begins: &str, has: &str) -> usize {
    let is_it = |span: &&String| span.starts_with(begins) && span.contains(has);
    spans.iter().filter(is_it).count()
}

async fn traced(collector: &Collector, trace: u8, spans: usize) -> Vec<String> {
    let collector = collector.clone();
    tokio::task::spawn_blocking(move || collector.trace(trace, spans))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_through_the_client_is_one_trace_over_all_nodes() {
    let collector = Collector::start();
    let lab = Lab::start_with([20, 60], collector.variables().to_vec()).await;
    ask(&lab, 1, reqwest::Method::POST, "client", "/write-and-read").await;
    let spans = traced(&collector, 1, 13).await;
    assert_eq!(spans.len(), 13, "{spans:#?}");
    for (expected, begins, has) in [
        (
            1,
            "caller > POST /write-and-read [server]",
            "write.version=1",
        ),
        (
            1,
            "POST /write-and-read > POST [client]",
            "http.status_code=200",
        ),
        (
            1,
            "POST > POST /data [server]",
            " write.key=k write.version=1 write.write_id=",
        ),
        (
            1,
            "POST /data > replicate-to-127.0.0.1 [internal] replica.url=",
            "replica.delay_ms=20 data.version=1",
        ),
        (
            1,
            "POST /data > replicate-to-127.0.0.1 [internal] replica.url=",
            "replica.delay_ms=60 data.version=1",
        ),
        (
            2,
            "replicate-to-127.0.0.1 > POST [client]",
            "http.status_code=200",
        ),
        (
            1,
            "POST > POST /replicate [server]",
            "replica.id=replica1 replication.version=1 replication.delay_ms=20",
        ),
        (
            1,
            "POST > POST /replicate [server]",
            "replica.id=replica2 replication.version=1 replication.delay_ms=60",
        ),
        (
            2,
            "POST /write-and-read > GET [client]",
            "/data http.status_code=200",
        ),
        (
            1,
            "GET > GET /data [server]",
            "replica.id=replica1 replica.version=",
        ),
        (
            1,
            "GET > GET /data [server]",
            "replica.id=replica2 replica.version=",
        ),
    ] {
        assert_eq!(
            count(&spans, begins, has),
            expected,
            "{begins} … {has}: {spans:#?}"
        );
    }
    let read = spans
        .iter()
        .find(|span| span.starts_with("GET > GET /data"))
        .unwrap();
    assert!(
        read.contains("data.staleness_ms=# data.is_stale="),
        "{read}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_own_work_says_what_it_found() {
    let collector = Collector::start();
    let lab = Lab::start_with([0, 0], collector.variables().to_vec()).await;
    ask(&lab, 1, reqwest::Method::POST, "client", "/write-and-wait").await;
    let spans = traced(&collector, 1, 1).await;
    let waited = "write.version=1 consistency.time_ms=#";
    lab.until("traced", async |_| {
        let spans = collector.trace(1, 1);
        count(&spans, "caller > POST /write-and-wait [server]", waited) == 1
    })
    .await;
    drop(spans);
    lab.until_version(1).await;
    ask(&lab, 2, reqwest::Method::GET, "client", "/read-compare").await;
    let compared = traced(&collector, 2, 7).await;
    assert!(
        compared[0].contains("stale_replica_count=0 consistent_replica_count=2"),
        "{compared:#?}"
    );
    assert_eq!(
        count(&compared, "GET /read-compare > GET [client]", "/data"),
        3
    );
    assert_eq!(count(&compared, "GET > GET /data [server]", ""), 3);
    let poll = collector.trace_of("poll-consistency", 7);
    assert!(
        poll[0].starts_with("nobody > poll-consistency [internal]"),
        "{poll:#?}"
    );
    assert!(
        poll[0].contains("consistency.all_consistent=")
            && poll[0].contains("consistency.primary_version="),
        "{poll:#?}"
    );
    // The primary is asked once more where a replica was ahead of it.
    let asked = count(&poll, "poll-consistency > GET [client]", "/version");
    assert!((3..=4).contains(&asked), "{poll:#?}");
    ask(&lab, 3, reqwest::Method::GET, "replica1", "/health").await;
    ask(&lab, 4, reqwest::Method::GET, "replica1", "/version").await;
    traced(&collector, 4, 1).await;
    assert_eq!(collector.spans_in(3), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_is_seen_and_tried_again() {
    let collector = Collector::start();
    let mut lab = Lab::start_with([0, 0], collector.variables().to_vec()).await;
    lab.kill("replica2");
    ask(&lab, 1, reqwest::Method::POST, "primary", "/data").await;
    let to_replica2 = lab.url("replica2");
    let failed = format!("replica.url={to_replica2} replica.delay_ms=0 data.version=1 error=true");
    let done = format!("replica.url={to_replica2} replica.delay_ms=0 data.version=1");
    lab.until("seen to fail", async |_| {
        count(&collector.trace(1, 1), "POST /data >", &failed) > 0
    })
    .await;
    lab.start_node("replica2").await;
    lab.until("seen to succeed", async |_| {
        let spans = collector.trace(1, 1);
        spans.iter().any(|span| span.ends_with(&done))
    })
    .await;
}
