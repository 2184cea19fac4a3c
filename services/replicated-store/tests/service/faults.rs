//! Nodes that die, deliveries that come in the wrong order, resets.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn a_restarted_primary_goes_on_where_its_replicas_are() {
    let mut lab = Lab::start([0, 0]).await;
    for turn in 1..=5 {
        lab.write("turn", json!(turn)).await;
    }
    lab.until_version(5).await;
    lab.kill("primary");
    lab.start_node("primary").await;
    let state = lab.read("primary", "/state").await;
    assert_eq!(
        (&state["version"], &state["data"]["turn"]),
        (&json!(5), &json!(5))
    );
    assert_eq!(lab.write("turn", json!(6)).await["version"], 6);
    lab.until_version(6).await;
}

#[tokio::test]
async fn what_a_replica_missed_is_repaired() {
    let mut lab = Lab::start([0, 0]).await;
    lab.write("a", json!(1)).await;
    lab.until_version(1).await;
    // While it is away, and with nothing written afterwards.
    lab.kill("replica2");
    lab.write("a", json!(2)).await;
    lab.until("failed", async |lab| {
        let (_, text) = lab.get("primary", "/metrics").await;
        let failures = text
            .lines()
            .filter(|line| line.starts_with("replication_failure_total"));
        failures.clone().any(|line| !line.ends_with(" 0"))
    })
    .await;
    lab.start_node("replica2").await;
    lab.until_version(2).await;
    // Empty again, and nobody owes it anything.
    lab.kill("replica1");
    lab.start_node("replica1").await;
    lab.until_version(2).await;
    lab.post("replica1", "/admin/reset", "").await;
    lab.until_version(2).await;
}

#[tokio::test]
async fn a_reset_stays_a_reset() {
    let lab = Lab::start([200, 400]).await;
    lab.write("a", json!(1)).await;
    let (status, text) = lab.post("primary", "/admin/reset", "").await;
    assert_eq!(
        (status, text.as_str()),
        (200, r#"{"status":"reset","version":0}"#)
    );
    lab.until_version(0).await;
    assert_eq!(lab.write("b", json!(1)).await["version"], 1);
    lab.until_version(1).await;
    let data = lab.read("replica2", "/data").await;
    assert_eq!(data["data"], json!({ "b": 1 }));
}

#[tokio::test]
async fn an_older_state_is_ignored() {
    let lab = Lab::start([0, 0]).await;
    lab.write("a", json!(1)).await;
    lab.write("a", json!(2)).await;
    lab.until_version(2).await;
    let (status, text) = lab
        .post("replica1", "/replicate", r#"{"data":{},"version":1}"#)
        .await;
    assert_eq!(status, 200);
    assert!(
        text.starts_with(r#"{"status":"ignored","replica_id":"replica1","version":2,"#),
        "{text}"
    );
    let (_, text) = lab.get("replica1", "/data").await;
    assert!(text.contains(r#""data":{"a":2}"#), "{text}");
}

#[tokio::test]
async fn writes_at_once_get_versions_of_their_own() {
    let lab = Lab::start([0, 0]).await;
    let writes = (0..20).map(|turn| lab.write("a", json!(turn)));
    let written = futures_util::future::join_all(writes).await;
    let mut versions: Vec<_> = written
        .iter()
        .map(|w| w["version"].as_u64().unwrap())
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=20).collect::<Vec<_>>());
    let last = written.iter().find(|w| w["version"] == 20).unwrap();
    lab.until_version(20).await;
    assert_eq!(
        lab.read("replica1", "/data").await["data"]["a"],
        last["value"]
    );
}
