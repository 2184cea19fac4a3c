//! A lab's Prometheus, and what its dashboard asks of it: every expression must have something to show.

use std::{
    collections::BTreeSet,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    dashboard::{DASHBOARDS, Dashboard},
    lab::Lab,
    said::Say as _,
};

const PATIENCE: Duration = Duration::from_mins(2);
/// Of what happens all the time there is enough.
const NOTHING: (&str, &[&str]) = ("up", &[]);
/// Between two rounds of questions.
const GLANCE: Duration = Duration::from_millis(500);

/// Brings a lab up, plays blocks that give it something to do, and asks its Prometheus what its dashboard would. `once`:
/// blocks that are played one time, when this expression has something to show.
fn has_something_to_show(
    lab: &'static str,
    prometheus: &str,
    blocks: &[&str],
    once: (&str, &[&str]),
) {
    let (_, file) = DASHBOARDS
        .into_iter()
        .find(|(name, _)| *name == lab)
        .unwrap();
    let dashboard = Dashboard::of(lab, file);
    let lab = Lab::new(lab);
    lab.labctl(&["up", lab.slug()]).said().passes();
    let check = ["exec", "-T", prometheus, "promtool", "check", "config"];
    let check = lab
        .compose(&check)
        .arg("/etc/prometheus/prometheus.yml")
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");

    let mut left: BTreeSet<_> = dashboard
        .drawn()
        .flat_map(|panel| &panel.targets)
        .map(|target| &*target.expr)
        .collect();
    assert!(!left.is_empty());
    let deadline = Instant::now() + PATIENCE;
    let mut is_seen = false;
    while !left.is_empty() {
        assert!(Instant::now() < deadline, "nothing to show for {left:#?}");
        // A rate needs something that changes between two looks.
        play(&lab, blocks);
        // What was never seen at zero has not risen.
        if !is_seen && shows(once.0) {
            is_seen = true;
            play(&lab, once.1);
        }
        left.retain(|expression| !shows(expression));
        std::thread::park_timeout(GLANCE);
    }
    lab.labctl(&["down", lab.slug()]).said().passes();
    lab.assert_gone();
}

fn play(lab: &Lab, blocks: &[&str]) {
    if blocks.is_empty() {
        return;
    }
    lab.labctl(&["run", lab.slug()])
        .args(blocks)
        .env("LOAD_PROFILE", "short")
        .said()
        .passes();
}

/// Whether the expression gives a number.
fn shows(expression: &str) -> bool {
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "5", "-G"])
        .args(["http://127.0.0.1:9090/api/v1/query", "--data-urlencode"])
        .arg(format!("query={expression}"))
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["status"], "success", "{expression}: {answer}");
    let samples = answer["data"]["result"].as_array().unwrap();
    samples.iter().any(|sample| sample["value"][1] != "NaN")
}

#[test]
fn the_dashboard_of_write_through_has_something_to_show() {
    let blocks = ["create-item", "generate-traces"];
    has_something_to_show("03-write-through", "prometheus", &blocks, NOTHING);
}

#[test]
fn the_dashboard_of_cache_aside_has_something_to_show() {
    let blocks = [
        "first-read-miss",
        "second-read-hit",
        "create-product",
        "update-product",
        "generate-traffic",
    ];
    has_something_to_show("08-cache-aside", "lab08-prometheus", &blocks, NOTHING);
}

#[test]
fn the_dashboard_of_eventual_consistency_has_something_to_show() {
    let blocks = ["write-data", "write-and-wait"];
    has_something_to_show(
        "14-eventual-consistency",
        "lab14-prometheus",
        &blocks,
        NOTHING,
    );
}

#[test]
fn the_dashboard_of_the_write_ahead_log_has_something_to_show() {
    let blocks = ["write-wal", "write-nowal"];
    // More crashes, and Docker takes its time to start the store again.
    let once = ["crash-wal", "check-wal-after-crash"];
    let once = (r#"up{instance="lab25-kv-store-wal:8000"} == 1"#, &once[..]);
    has_something_to_show("25-write-ahead-log", "lab25-prometheus", &blocks, once);
}

#[test]
fn the_dashboard_of_write_behind_has_something_to_show() {
    let blocks = ["create-product", "quick-load", "read-final-state"];
    has_something_to_show("42-write-behind", "lab42-prometheus", &blocks, NOTHING);
}
