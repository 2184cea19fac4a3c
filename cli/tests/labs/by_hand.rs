//! What a person does with the lab: bring it up, look at it, play a block, take it down.

use std::fs;

use crate::{
    lab::{CACHE_ASIDE, Lab, remove_image},
    page::{START, page, verify},
    said::Say as _,
};

#[test]
fn a_lab_is_brought_up_looked_at_and_taken_down() {
    let lab = Lab::new(CACHE_ASIDE);
    lab.labctl(&["up", "08"]).said().passes();

    let status = lab.labctl(&["status", "08"]).said().passes().stdout;
    for service in ["lab08-product-service", "lab08-redis", "lab08-postgres"] {
        let line = status.lines().find(|line| line.starts_with(service));
        let line = line.unwrap_or_else(|| panic!("no {service} in:\n{status}"));
        assert!(
            line.contains("running") && line.contains("healthy"),
            "{line}"
        );
        assert!(line.contains("127.0.0.1:"), "{line}");
    }

    let logs = lab
        .labctl(&["logs", "08", "lab08-redis", "--tail", "2"])
        .said()
        .passes()
        .stdout;
    assert_eq!(logs.lines().count(), 2, "{logs}");
    assert!(
        logs.lines().all(|line| line.starts_with("lab08-redis | ")),
        "{logs}"
    );

    lab.labctl(&["run", "08", "verify-services"])
        .said()
        .passes()
        .says("\"status\": \"ok\"");

    // Somebody's lab is not a run's to take.
    let before = lab.things();
    lab.labctl(&["verify", "08"])
        .said()
        .code(3)
        .says("already up (`labctl up` in ");
    assert_eq!(lab.things(), before);

    lab.labctl(&["down", "08"])
        .said()
        .passes()
        .says("08-cache-aside is down");
    lab.assert_gone();
    lab.labctl(&["down", "08"])
        .said()
        .passes()
        .says("was not up");
}

/// Where Jaeger runs it has the traces; elsewhere labctl listens for them.
#[test]
fn what_a_lab_did_is_shown_in_numbers_and_in_traces() {
    let lab = Lab::new(CACHE_ASIDE);
    lab.labctl(&["trace", "08"])
        .said()
        .code(3)
        .says("08-cache-aside is down; `labctl up 08` brings it up");
    lab.labctl(&["metrics", "08"])
        .said()
        .code(3)
        .says("`labctl up 08` brings it up");
    lab.labctl(&["up", "08"]).said().passes();
    lab.labctl(&["metrics", "08"])
        .said()
        .passes()
        .says("the first look");
    let play = [
        "run",
        "08",
        "clear-cache",
        "first-read-miss",
        "second-read-hit",
    ];
    lab.labctl(&play).said().passes();
    let seen = lab.labctl(&["metrics", "08"]).said().passes().stdout;
    let hits = r#"cache_hits_total{operation="get",service="product-service"}"#;
    let line = seen.lines().find(|line| line.starts_with(hits));
    assert_eq!(line, Some(&*format!("{hits}\t1\t+1")), "{seen}");
    assert!(
        !seen.contains("cache_invalidations_total{reason=\"manual\""),
        "{seen}"
    );
    let again = lab
        .labctl(&["metrics", "08", "--json"])
        .said()
        .passes()
        .stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&again).unwrap();
    let row = rows.iter().find(|row| row["series"] == hits).unwrap();
    assert_eq!(
        (row["value"].as_f64(), row["change"].as_f64()),
        (Some(1.0), Some(0.0))
    );

    // The services send what they did within seconds, again and again until somebody is there to take it.
    let mut traces = lab
        .process(&["trace", "08", "--last", "3", "--wait", "60s"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while traces.try_wait().unwrap().is_none() {
        lab.labctl(&play).said().passes();
    }
    let traces = traces.wait_with_output().unwrap();
    let said = String::from_utf8(traces.stdout).unwrap();
    assert!(traces.status.success(), "{said}");
    assert_eq!(said.matches("\ntrace ").count() + 1, 3, "{said}");
    assert!(
        said.contains("\nGET /products/{product_id}") && said.contains("\n  cache_lookup"),
        "{said}"
    );
    lab.labctl(&["down", "08"]).said().passes();
    lab.assert_gone();
}

#[test]
fn a_failed_lab_is_kept_where_one_asks_for_it() {
    let lab = Lab::new(CACHE_ASIDE);
    let page = page(&lab, &[("start", START), ("lie", "false")]);
    lab.labctl(&verify(&page, &["--keep"]))
        .said()
        .code(1)
        .says("lab08-product-service: 127.0.0.1:8000")
        .says("docker compose logs)")
        .says("down: (cd ")
        .says("compose/08-cache-aside && docker compose down --volumes)");
    assert_ne!(lab.things(), Vec::<String>::new(), "not kept");

    lab.labctl(&["down", "08"]).said().passes();
    lab.assert_gone();
}

#[test]
fn an_image_of_other_sources_is_not_judged() {
    let lab = Lab::new(CACHE_ASIDE);
    let other = lab.folder().join("other.yaml");
    let text = "services: {lab08-product-service: {build: {labels: {labctl.sources: \"0123456789abcdef\"}}, \
                image: \"labctl-test/stale:1\"}}\n";
    fs::write(&other, text).unwrap();
    let page = page(
        &lab,
        &[("start", START), ("ask", "curl -sf localhost:8000/health")],
    );
    lab.labctl(&verify(&page, &[]))
        .env("COMPOSE_FILE", lab.compose_files(&other))
        .said()
        .code(3)
        .says("the image of `lab08-product-service` was built from other sources (`0123456789ab`")
        .says("ask: lab not up");
    lab.assert_gone();
    remove_image("labctl-test/stale:1");
}
