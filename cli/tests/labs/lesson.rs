//! Whole pages: our lesson, and one typed the way a customer types.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    lab::{Lab08, assert_gone},
    said::Say as _,
};

#[test]
fn our_lesson_is_true_and_leaves_nothing() {
    let lab = Lab08::new();
    let report = Report::of(&lab);
    lab.labctl(&["verify", "08", "--report", &report.flag()])
        .said()
        .passes();
    assert_gone();

    let blocks = report.blocks();
    assert_eq!(named(&blocks, "passed").len(), 29);
    let skipped = [
        "logs-all",
        "logs-product-service",
        "logs-redis",
        "logs-postgres",
        "redis-cli",
        "resource-usage",
        "restart-service",
    ];
    assert_eq!(named(&blocks, "skipped"), skipped);
    assert_eq!(blocks.len(), 29 + skipped.len());
    for block in &blocks {
        let name = &block["block"];
        let is_skipped = block["outcome"] == "skipped";
        assert_eq!(block["reason"].is_string(), is_skipped, "{name}: reason");
        assert_eq!(block["exit_only"], false, "{name}");
        for claim in block["claims"].as_array().unwrap() {
            assert_eq!(claim["verdict"], "held", "{name}: {claim}");
        }
        let snapshot = &block["snapshot"];
        assert!(
            snapshot.is_null() || snapshot["outcome"] == "matched",
            "{name}: {snapshot}"
        );
    }
    assert!(blocks.iter().any(|block| !block["snapshot"].is_null()));
}

#[test]
fn a_customers_page_passes_untouched_and_leaves_nothing() {
    let lab = Lab08::new();
    let report = Report::of(&lab);
    let page = "cli/tests/fixtures/customer-08.md";
    let folder = "compose/08-cache-aside";
    lab.labctl(&["verify", page, "--cwd", folder, "--report", &report.flag()])
        .env("LOAD_PROFILE", "short")
        .said()
        .passes()
        .says("passed: 28 blocks");
    assert_gone();

    for block in report.blocks() {
        let name = block["block"].as_str().unwrap();
        let expected = match name {
            "clean-previous" => Some("would harm more than this lab (`docker system prune -f`)"),
            "logs-all"
            | "logs-product-service"
            | "logs-redis"
            | "logs-postgres"
            | "redis-cli"
            | "resource-usage"
            | "restart-service" => Some("on demand"),
            _ => None,
        };
        if let Some(reason) = expected {
            assert_eq!(block["outcome"], "skipped", "{name}");
            let told = block["reason"].as_str().unwrap();
            assert!(told.starts_with(reason), "{name}: {told}");
        } else {
            assert_eq!(block["outcome"], "passed", "{name}: {}", block["reason"]);
            assert_eq!(block["claims"][0]["claim"], "exit == 0", "{name}");
            assert_eq!(block["exit_only"], true, "{name}");
        }
    }
}

/// The JSON report of one run.
struct Report(PathBuf);

impl Report {
    fn of(lab: &Lab08) -> Self {
        Self(lab.folder().join("report.json"))
    }

    fn flag(&self) -> String {
        format!("json={}", self.0.display())
    }

    fn blocks(&self) -> Vec<Value> {
        let report: Value = serde_json::from_slice(&fs::read(&self.0).unwrap()).unwrap();
        assert_eq!(report["exit_code"], 0);
        let labs = report["labs"].as_array().unwrap();
        assert_eq!(labs.len(), 1);
        assert_eq!(labs[0]["errors"], serde_json::json!([]));
        labs[0]["blocks"].as_array().unwrap().clone()
    }
}

fn named<'a>(blocks: &'a [Value], outcome: &str) -> Vec<&'a str> {
    blocks
        .iter()
        .filter(|block| block["outcome"] == outcome)
        .map(|block| block["block"].as_str().unwrap())
        .collect()
}
