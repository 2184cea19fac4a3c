//! What the client says of the replicas.

use serde_json::{Value, json};

use crate::lab::Lab;

const BODY: &str = r#"{"key":"a","value":1}"#;

#[tokio::test]
async fn a_read_right_after_the_write_is_stale_and_after_the_window_it_is_not() {
    let lab = Lab::start([500, 1500]).await;
    lab.until("polled", async |lab| {
        lab.read("client", "/status").await["last_poll_time"] != 0
    })
    .await;
    let (_, text) = lab.post("client", "/write-and-read", BODY).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["stale_read_count"], 2, "{text}");
    assert_eq!(answer["total_replicas"], 2);
    let (_, text) = lab.post("client", "/write-and-wait", BODY).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["consistency_achieved"], true, "{text}");
    assert!(answer["consistency_time_ms"].as_f64().unwrap() >= 1500.0);
    assert_eq!(lab.version("replica2").await, 2);
    lab.until("consistent", async |lab| {
        lab.read("client", "/status").await["all_consistent"] == true
    })
    .await;
    let compared = lab.read("client", "/read-compare").await;
    assert_eq!(compared["analysis"]["all_consistent"], true);
    lab.until("measured", async |lab| {
        let (_, text) = lab.get("client", "/metrics").await;
        !text.contains("client_consistency_window_ms_count 0")
    })
    .await;
}

#[tokio::test]
async fn nothing_is_claimed_of_a_node_that_does_not_answer() {
    let mut lab = Lab::start([0, 0]).await;
    lab.until("consistent", async |lab| {
        lab.read("client", "/status").await["all_consistent"] == true
    })
    .await;
    lab.kill("replica2");
    let (status, text) = lab
        .post("client", "/write-and-wait?timeout_ms=0", BODY)
        .await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &answer["consistency_achieved"]),
        (200, &json!(false)),
        "{text}"
    );
    assert!(
        answer["consistency_time_ms"].is_null() && answer["attempts"] == 1,
        "{text}"
    );
    assert!(text.contains(r#""error: "#), "{text}");
    lab.until("inconsistent", async |lab| {
        lab.read("client", "/status").await["all_consistent"] == false
    })
    .await;
    lab.kill("primary");
    assert_eq!(lab.post("client", "/write-and-read", BODY).await.0, 502);
    assert_eq!(lab.post("client", "/write-and-wait", BODY).await.0, 502);
    let compared = lab.read("client", "/read-compare").await;
    assert_eq!(compared["analysis"]["all_consistent"], false);
    assert!(compared["primary"]["error"].is_string(), "{compared}");
}
