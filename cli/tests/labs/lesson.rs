//! Whole pages: our lessons, and pages typed the way a customer types.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    lab::{CACHE_ASIDE, Lab},
    said::Say as _,
};

/// What is played only while the lab is up, after its cleanup block.
const CACHE_ASIDE_TOOLS: [&str; 7] = [
    "logs-all",
    "logs-product-service",
    "logs-redis",
    "logs-postgres",
    "redis-cli",
    "resource-usage",
    "restart-service",
];

const WRITE_THROUGH_TOOLS: [&str; 5] = [
    "logs-all",
    "logs-api",
    "redis-inspect",
    "postgres-inspect",
    "restart-all",
];

const EVENTUAL_CONSISTENCY_LOGS: [&str; 4] = [
    "logs-all",
    "logs-primary",
    "logs-replicas",
    "resource-usage",
];

const WRITE_BEHIND_TOOLS: [&str; 6] = [
    "logs-all",
    "logs-api",
    "logs-worker",
    "check-redis",
    "check-postgres",
    "resource-usage",
];

/// The block that follows a log which never ends, until it is interrupted.
const ENDLESS: &str = "watch-retries";

/// The block that a page plays in the background. The storm that the page makes beside it may starve it until the
/// cleanup stops it, and the page passes all the same.
const LOAD_IN_BACKGROUND: &str = "load-test";

#[test]
fn the_write_through_lesson_is_true_and_leaves_nothing() {
    check_lesson("03-write-through", 23, &WRITE_THROUGH_TOOLS);
}

#[test]
fn the_cache_aside_lesson_is_true_and_leaves_nothing() {
    check_lesson(CACHE_ASIDE, 29, &CACHE_ASIDE_TOOLS);
}

#[test]
fn the_eventual_consistency_lesson_is_true_and_leaves_nothing() {
    check_lesson("14-eventual-consistency", 26, &EVENTUAL_CONSISTENCY_LOGS);
}

#[test]
fn the_write_ahead_log_lesson_is_true_and_leaves_nothing() {
    check_lesson("25-write-ahead-log", 31, &[]);
}

#[test]
fn the_write_behind_lesson_is_true_and_leaves_nothing() {
    check_lesson("42-write-behind", 35, &WRITE_BEHIND_TOOLS);
}

/// Blocks without names among them, and one whose variable the next block never sees.
#[test]
fn a_customers_write_through_page_passes_untouched_and_leaves_nothing() {
    let prune = (
        "clean-previous",
        "would harm more than this lab (`docker system prune -f`)",
    );
    let tools = WRITE_THROUGH_TOOLS.map(|name| (name, "on demand"));
    let skipped: Vec<_> = [prune].into_iter().chain(tools).collect();
    check_customers_page("03-write-through", "customer-03.md", 32, &skipped);
}

#[test]
fn a_customers_cache_aside_page_passes_untouched_and_leaves_nothing() {
    let prune = (
        "clean-previous",
        "would harm more than this lab (`docker system prune -f`)",
    );
    let tools = CACHE_ASIDE_TOOLS.map(|name| (name, "on demand"));
    let skipped: Vec<_> = [prune].into_iter().chain(tools).collect();
    check_customers_page(CACHE_ASIDE, "customer-08.md", 28, &skipped);
}

#[test]
fn a_customers_eventual_consistency_page_passes_untouched_and_leaves_nothing() {
    let prune = (
        "clean-previous",
        "would harm more than this lab (`docker system prune -f`)",
    );
    let tools = EVENTUAL_CONSISTENCY_LOGS.map(|name| (name, "on demand"));
    let more = ["reset-data", "restart-primary"].map(|name| (name, "on demand"));
    let skipped: Vec<_> = [prune].into_iter().chain(tools).chain(more).collect();
    check_customers_page("14-eventual-consistency", "customer-14.md", 23, &skipped);
}

#[test]
fn a_customers_write_ahead_log_page_passes_untouched_and_leaves_nothing() {
    check_customers_page("25-write-ahead-log", "customer-25.md", 30, &[]);
}

#[test]
fn a_customers_write_behind_page_passes_untouched_and_leaves_nothing() {
    let prune = (
        "clean-previous",
        "would harm more than this lab (`docker system prune -f`)",
    );
    let tools = WRITE_BEHIND_TOOLS.map(|name| (name, "on demand"));
    let skipped: Vec<_> = [prune].into_iter().chain(tools).collect();
    check_customers_page("42-write-behind", "customer-42.md", 29, &skipped);
}

/// Every block passes, with claims that held and snapshots that matched, but those that are skipped.
#[track_caller]
fn check_lesson(slug: &'static str, passed: usize, skipped: &[&str]) {
    let lab = Lab::new(slug);
    let report = Report::of(&lab);
    lab.labctl(&["verify", slug, "--report", &report.flag()])
        .said()
        .passes();
    lab.assert_gone();

    let blocks = report.blocks();
    assert_eq!(named(&blocks, "skipped"), skipped);
    assert_eq!(blocks.len(), passed + skipped.len());
    for block in &blocks {
        let name = &block["block"];
        let outcome = block["outcome"].as_str().unwrap();
        let is_endless = name == ENDLESS && outcome == "stopped";
        assert!(
            is_endless || ["passed", "skipped"].contains(&outcome),
            "{name}: {outcome}"
        );
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

/// Every block of the page passes on its exit code alone, but those that are skipped, each for its reason.
#[track_caller]
fn check_customers_page(slug: &'static str, page: &str, passed: usize, skipped: &[(&str, &str)]) {
    let lab = Lab::new(slug);
    let report = Report::of(&lab);
    let page = format!("cli/tests/fixtures/{page}");
    let folder = lab.compose_folder();
    lab.labctl(&[
        "verify",
        &page,
        "--cwd",
        &folder,
        "--report",
        &report.flag(),
    ])
    .env("LOAD_PROFILE", "short")
    .said()
    .passes()
    .says(&format!("passed: {passed} blocks"));
    lab.assert_gone();

    for block in report.blocks() {
        let name = block["block"].as_str().unwrap();
        if let Some((_, reason)) = skipped.iter().find(|(skipped, _)| *skipped == name) {
            assert_eq!(block["outcome"], "skipped", "{name}");
            let told = block["reason"].as_str().unwrap();
            assert!(told.starts_with(reason), "{name}: {told}");
        } else if name == ENDLESS {
            assert_eq!(block["outcome"], "stopped", "{name}: {}", block["reason"]);
        } else if name != LOAD_IN_BACKGROUND || block["outcome"] != "stopped" {
            assert_eq!(block["outcome"], "passed", "{name}: {}", block["reason"]);
            assert_eq!(block["claims"][0]["claim"], "exit == 0", "{name}");
            assert_eq!(block["exit_only"], true, "{name}");
        }
    }
}

/// The JSON report of one run.
struct Report(PathBuf);

impl Report {
    fn of(lab: &Lab) -> Self {
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
