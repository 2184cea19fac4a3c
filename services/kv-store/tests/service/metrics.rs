//! Every series of the contract, with its exact name, from the first scrape.

use std::fmt::Write as _;

use axum::http::header;

use crate::lab::Lab;

const OPERATION_BUCKETS: [&str; 9] = [
    "0.0001", "0.0005", "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "+Inf",
];
const RECOVERY_BUCKETS: [&str; 10] = [
    "0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "+Inf",
];

/// The names and labels of all series, sorted.
fn series(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut series: Vec<_> = lines
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect();
    series.sort();
    series
}

fn histogram(name: &str, labels: &str, buckets: &[&str]) -> String {
    let mut text = String::new();
    for bucket in buckets {
        let comma = if labels.is_empty() { "" } else { "," };
        writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bucket}\"}} 0").unwrap();
    }
    let labels = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    writeln!(text, "{name}_sum{labels} 0\n{name}_count{labels} 0").unwrap();
    text
}

fn expected(wal_enabled: &str) -> String {
    let mut text = String::from(
        "wal_writes_total{operation=\"SET\"} 0\nwal_writes_total{operation=\"DELETE\"} 0\n\
         wal_size_bytes 0\nwal_entries_total 0\ncheckpoint_count_total 0\n\
         kv_data_items_total 0\ndata_loss_events_total 0\n",
    );
    text += &histogram("recovery_time_seconds", "", &RECOVERY_BUCKETS);
    for operation in ["set", "get", "delete"] {
        let labels = format!("operation=\"{operation}\",wal_enabled=\"{wal_enabled}\"");
        writeln!(text, "kv_operations_total{{{labels}}} 0").unwrap();
        text += &histogram("kv_operation_duration_seconds", &labels, &OPERATION_BUCKETS);
    }
    text
}

#[tokio::test]
async fn all_are_there_at_zero_before_anything_happened() {
    for (lab, mode) in [
        (Lab::start(), "enabled"),
        (Lab::start_in_memory(), "disabled"),
    ] {
        let answer = lab.get("/metrics").await;
        let content_type = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        assert!(
            content_type.starts_with("text/plain; version=0.0.4"),
            "{content_type}"
        );
        assert_eq!(series(&answer.text), series(&expected(mode)));
        for line in answer.text.lines().filter(|line| !line.starts_with('#')) {
            let value: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
            assert!(value.abs() < f64::EPSILON, "{line}");
        }
        for gauge in ["wal_size_bytes", "wal_entries_total", "kv_data_items_total"] {
            let kind = format!("# TYPE {gauge} gauge\n");
            assert!(answer.text.contains(&kind), "{gauge}");
        }
    }
}

#[tokio::test]
async fn each_counts_what_it_says() {
    let mut lab = Lab::start();
    lab.set("a", "1").await;
    lab.set("b", "1").await;
    lab.delete("/kv/a").await;
    lab.delete("/kv/missing").await;
    lab.get("/kv/b").await;
    lab.get("/kv/missing").await;
    let size = lab.stat("wal_size_bytes").await;
    check(
        &lab,
        &[
            ("wal_writes_total{operation=\"SET\"}", 2),
            ("wal_writes_total{operation=\"DELETE\"}", 1),
            ("wal_entries_total", 3),
            ("wal_size_bytes", size),
            ("kv_data_items_total", 1),
            (
                "kv_operations_total{operation=\"set\",wal_enabled=\"enabled\"}",
                2,
            ),
            (
                "kv_operations_total{operation=\"get\",wal_enabled=\"enabled\"}",
                2,
            ),
            (
                "kv_operations_total{operation=\"delete\",wal_enabled=\"enabled\"}",
                1,
            ),
            (
                "kv_operation_duration_seconds_count{operation=\"set\",wal_enabled=\"enabled\"}",
                2,
            ),
            (
                "kv_operation_duration_seconds_count{operation=\"delete\",wal_enabled=\"enabled\"}",
                1,
            ),
        ],
    )
    .await;
    lab.restart();
    let restarted = [
        ("recovery_time_seconds_count", 1),
        ("wal_entries_total", 3),
        ("wal_size_bytes", size),
        ("kv_data_items_total", 1),
        ("data_loss_events_total", 0),
    ];
    check(&lab, &restarted).await;
    lab.post("/admin/checkpoint", "").await;
    let covered = [
        ("wal_entries_total", 0),
        ("wal_size_bytes", 0),
        ("checkpoint_count_total", 1),
    ];
    check(&lab, &covered).await;
    lab.restart();
    check(&lab, &[("recovery_time_seconds_count", 0)]).await;
}

async fn check(lab: &Lab, expected: &[(&str, u64)]) {
    for (series, value) in expected {
        let found = lab.metric(&format!("{series} ")).await;
        assert_eq!(found.to_string(), value.to_string(), "{series}");
    }
}
