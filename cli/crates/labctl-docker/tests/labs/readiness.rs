//! When a lab counts as ready, and what is said when it does not.

use std::time::{Duration, SystemTime};

use labctl_engine::{NotReady, Runtime, RuntimeError};

use crate::fixture::{DEADLINE, TestLab, told};

fn not_ready(error: RuntimeError) -> Vec<NotReady> {
    match error {
        RuntimeError::NotReady { services, .. } => services,
        error => panic!("{}", told(&error)),
    }
}

#[tokio::test]
async fn healthy_running_and_finished_services_are_ready() {
    let lab = TestLab::new(
        r#"  api:
    image: IMAGE
    command: [serve, hello]
    healthcheck: {test: [CMD, /actor, exit, "0"], interval: 200ms}
  plain: {image: IMAGE, command: [serve]}
  migrate: {image: IMAGE, command: [exit, "0"]}
  load: {image: IMAGE, command: [exit, "1"], profiles: [loadtest]}"#,
    );
    let mut runtime = lab.runtime();
    let since = SystemTime::now();
    lab.try_up(&mut runtime).await.unwrap();
    let logs = runtime.logs_since(&lab.lab(), since, 4096).await.unwrap();
    assert_eq!(logs, "api | hello\n");
    let restarts = runtime.restarts(&lab.lab()).await.unwrap();
    assert_eq!(restarts["api"], 0);
    let status = runtime.status(&lab.lab()).await.unwrap();
    let api = status.iter().find(|status| status.service == "api");
    assert_eq!(api.unwrap().health.as_deref(), Some("healthy"));
    runtime.tear_down(&lab.lab()).await.unwrap();
}

#[tokio::test]
async fn an_unhealthy_service_is_named_with_its_last_lines() {
    let lab = TestLab::new(
        r#"  api:
    image: IMAGE
    command: [serve, first, "no database"]
    healthcheck: {test: [CMD, /actor, exit, "1"], interval: 100ms, retries: 2}"#,
    );
    let mut runtime = lab.runtime();
    let services = not_ready(lab.try_up(&mut runtime).await.unwrap_err());
    assert_eq!(
        services,
        [NotReady {
            service: "api".to_owned(),
            state: "unhealthy".to_owned(),
            log_tail: "first\nno database".to_owned()
        }]
    );
}

#[tokio::test]
async fn a_service_that_dies_is_named_at_once() {
    let lab = TestLab::new(
        r#"  good: {image: IMAGE, command: [serve]}
  bad: {image: IMAGE, command: [exit, "3", "bad configuration"]}"#,
    );
    let mut runtime = lab.runtime();
    let services = not_ready(lab.try_up(&mut runtime).await.unwrap_err());
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].state, "exited with code 3");
    assert_eq!(services[0].log_tail, "bad configuration");
}

#[tokio::test]
async fn a_crash_loop_ends_the_wait() {
    let lab = TestLab::new(r#"  bad: {image: IMAGE, command: [exit, "1"], restart: always}"#);
    let mut runtime = lab.runtime();
    let services = not_ready(lab.try_up(&mut runtime).await.unwrap_err());
    assert_eq!(services[0].state, "restarting in a loop");
}

#[tokio::test]
async fn a_service_that_was_never_created_is_not_ready() {
    let lab = TestLab::new(
        "  one: {image: IMAGE, command: [serve]}\n  two: {image: IMAGE, command: [serve]}",
    );
    let mut runtime = lab.runtime();
    runtime.claim(&lab.lab()).await.unwrap();
    lab.compose(&["up", "-d", "one"]);
    let short = Duration::from_secs(3);
    let waited = runtime.wait_ready(&lab.lab(), short).await;
    let services = not_ready(waited.unwrap_err());
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].service, "two");
    assert_eq!(services[0].state, "not created");
}

#[tokio::test]
async fn a_stale_build_is_refused() {
    let lab = TestLab::new(
        "  api: {image: IMAGE, command: [serve], labels: {labctl.sources: 0123456789abcdef}}",
    );
    let compose = lab.path().join("compose.yaml");
    let yaml = std::fs::read_to_string(&compose).unwrap();
    std::fs::write(&compose, yaml + "x-labctl: {sources: [compose.yaml]}\n").unwrap();
    let mut runtime = lab.runtime();
    runtime.claim(&lab.lab()).await.unwrap();
    assert_eq!(runtime.block_env()["LABCTL_SOURCES"].len(), 64);
    lab.compose(&["up", "-d"]);
    let error = runtime.wait_ready(&lab.lab(), DEADLINE).await.unwrap_err();
    let message = told(&error);
    assert!(
        message.starts_with("the image of `api` was built from other sources (`0123456789ab`"),
        "{message}"
    );
}
