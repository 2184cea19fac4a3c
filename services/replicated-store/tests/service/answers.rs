//! Fields, order, statuses and series.

use serde_json::{Value, json};

use crate::lab::Lab;

fn keys(text: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(text).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn answers_have_their_fields_in_order() {
    let lab = Lab::start([0, 0]).await;
    let checks = [
        (
            "primary",
            "/version",
            "source version write_id write_timestamp",
        ),
        (
            "primary",
            "/data",
            "source data version write_id write_timestamp data_age_ms",
        ),
        (
            "primary",
            "/state",
            "source data version write_timestamp write_id replication_delays replica_urls epoch",
        ),
        (
            "primary",
            "/admin/replication-delays",
            "delays default_replica1_ms default_replica2_ms",
        ),
        ("replica1", "/health", "status service replica_id"),
        (
            "replica1",
            "/version",
            "source version write_id write_timestamp data_age_ms",
        ),
        (
            "replica1",
            "/data",
            "source data version write_id write_timestamp data_age_ms is_stale replicated_at",
        ),
        (
            "replica2",
            "/state",
            "source data version write_timestamp write_id replicated_at data_age_ms replication_delay_ms epoch",
        ),
        (
            "client",
            "/status",
            "primary_version primary_write_id all_consistent replicas last_poll_time waiting_for_consistency",
        ),
        ("client", "/read-compare", "primary replicas analysis"),
    ];
    for (node, path, expected) in checks {
        let (status, text) = lab.get(node, path).await;
        assert_eq!(
            (status, keys(&text).join(" ").as_str()),
            (200, expected),
            "{node}{path}"
        );
    }
    let (_, empty) = lab.get("replica1", "/version").await;
    let zero =
        r#"{"source":"replica1","version":0,"write_id":null,"write_timestamp":0,"data_age_ms":0}"#;
    assert_eq!(empty, zero);
    let (_, written) = lab
        .post(
            "primary",
            "/data",
            r#"{"key":"ü","value":{"z":1,"a":null}}"#,
        )
        .await;
    let expected = "version write_timestamp write_id key value replication_started";
    assert_eq!(keys(&written).join(" "), expected);
    assert!(written.contains(r#""key":"ü","value":{"z":1,"a":null},"replication_started":true"#));
    assert_eq!(lab.version("primary").await, 1);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let lab = Lab::start([0, 0]).await;
    let replica = lab.url("replica1");
    let delay = |url: &str, ms: &str| format!(r#"{{"replica_url":"{url}","delay_ms":{ms}}}"#);
    let checks = [
        ("/data", String::new(), 422),
        ("/data", "[]".to_owned(), 422),
        ("/data", r#"{"key":1,"value":1}"#.to_owned(), 422),
        ("/data", r#"{"key":"a"}"#.to_owned(), 422),
        ("/data", r#"{"key":"a","value":NaN}"#.to_owned(), 422),
        (
            "/data",
            "{\"key\":\"".to_owned() + &"x".repeat(1 << 20),
            413,
        ),
        (
            "/admin/replication-delay",
            delay("http://nobody:1", "1"),
            400,
        ),
        ("/admin/replication-delay", delay(&replica, "-1"), 422),
        ("/admin/replication-delay", delay(&replica, "600001"), 422),
        ("/admin/replication-delay", delay(&replica, "1.5"), 422),
        ("/admin/replication-delay", delay(&replica, "\"7\""), 200),
        (
            "/admin/replication-delays",
            r#"{"delays":{"http://nobody:1":1}}"#.to_owned(),
            400,
        ),
        ("/admin/replication-delays", "{}".to_owned(), 422),
        ("/nowhere", String::new(), 404),
        ("/version", String::new(), 405),
    ];
    for (path, body, expected) in checks {
        let (status, text) = lab.post("primary", path, &body).await;
        assert_eq!(status, expected, "{path} {body:.40} {text}");
        let is_error = serde_json::from_str::<Value>(&text).unwrap()["detail"].is_null();
        assert_eq!(is_error, status == 200, "{text}");
    }
    let (status, _) = lab
        .post("replica1", "/replicate", r#"{"version":-1}"#)
        .await;
    assert_eq!(status, 422);
    let body = r#"{"key":"a","value":1}"#;
    for wrong in ["-1", "soon"] {
        let path = format!("/write-and-wait?timeout_ms={wrong}");
        assert_eq!(lab.post("client", &path, body).await.0, 422);
    }
}

#[tokio::test]
async fn a_null_is_a_value_and_a_key_keeps_its_place() {
    let lab = Lab::start([0, 0]).await;
    for (key, value) in [
        ("b", json!(1)),
        ("a", Value::Null),
        ("b", json!({"y": 1, "x": 2})),
    ] {
        lab.write(key, value).await;
    }
    lab.until_version(3).await;
    for node in ["primary", "replica1", "replica2"] {
        let (_, text) = lab.get(node, "/data").await;
        assert!(
            text.contains(r#""data":{"b":{"y":1,"x":2},"a":null}"#),
            "{text}"
        );
    }
}

#[tokio::test]
async fn every_series_is_there_from_the_first_scrape() {
    let lab = Lab::start([500, 1500]).await;
    let host = r#"{replica="127.0.0.1"}"#;
    let checks: [(&str, &[String]); 3] = [
        (
            "primary",
            &[
                r#"primary_writes_total{status="success"} 0"#.to_owned(),
                "primary_current_version 0".to_owned(),
                format!("replication_delay_seconds_count{host} 0"),
                format!("replication_success_total{host} 0"),
                format!("replication_failure_total{host} 0"),
            ],
        ),
        (
            "replica1",
            &[
                "replica_current_version",
                "replica_staleness_ms",
                "replica_replication_received_total",
                "replica_replication_lag_seconds_count",
                "replica_reads_total",
                "replica_stale_reads_total",
            ]
            .map(|name| format!(r#"{name}{{replica_id="replica1"}} 0"#)),
        ),
        (
            "client",
            &[
                r#"client_stale_reads_total{source="127.0.0.1"} "#.to_owned(),
                r#"client_fresh_reads_total{source="127.0.0.1"} "#.to_owned(),
                format!("client_consistency_lag_ms{host} 0"),
                format!("client_version_divergence{host} 0"),
                "client_all_replicas_consistent ".to_owned(),
                "client_consistency_window_ms_count 0".to_owned(),
                "client_poll_duration_seconds_count ".to_owned(),
            ],
        ),
    ];
    for (node, series) in checks {
        let (_, text) = lab.get(node, "/metrics").await;
        for series in series {
            assert!(text.contains(series.as_str()), "no {series} in\n{text}");
        }
    }
}
