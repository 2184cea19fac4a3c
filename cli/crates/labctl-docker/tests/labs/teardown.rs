//! Nothing is left.

use labctl_engine::{Residue, Runtime};

use crate::fixture::{TestLab, docker, told};

fn has_volume(name: &str) -> bool {
    docker(&["volume", "ls", "-q"])
        .lines()
        .any(|line| line == name)
}

#[tokio::test]
async fn one_off_containers_profiles_and_volumes_go_too() {
    let lab = TestLab::new(
        "  api: {image: IMAGE, command: [serve], volumes: [\"mine:/mine\"]}
  load: {image: IMAGE, command: [serve], profiles: [loadtest]}
volumes: {mine: {}}",
    );
    let mut runtime = lab.runtime();
    lab.try_up(&mut runtime).await.unwrap();
    lab.compose(&["run", "-d", "load"]);
    lab.compose(&["--profile", "loadtest", "up", "-d", "load"]);
    let residue = runtime.tear_down(&lab.lab()).await.unwrap();
    assert_eq!(residue, Residue::default());
    assert_eq!(lab.things(), [""; 0]);
}

#[tokio::test]
async fn anonymous_volumes_that_a_cleanup_block_forgot_go_too() {
    let lab = TestLab::new("  api: {image: IMAGE, command: [serve]}");
    let mut runtime = lab.runtime();
    lab.try_up(&mut runtime).await.unwrap();
    let container = format!("{}-api-1", lab.project);
    let volume = docker(&["inspect", "-f", "{{(index .Mounts 0).Name}}", &container]);
    lab.compose(&["down"]);
    assert!(has_volume(&volume));
    runtime.tear_down(&lab.lab()).await.unwrap();
    assert!(!has_volume(&volume));
}

#[tokio::test]
async fn one_off_containers_go_alone() {
    let lab = TestLab::new("  api: {image: IMAGE, command: [serve]}");
    let mut runtime = lab.runtime();
    lab.try_up(&mut runtime).await.unwrap();
    let before = lab.things();
    lab.compose(&["run", "-d", "api"]);
    runtime.remove_one_offs(&lab.lab()).await.unwrap();
    assert_eq!(lab.things(), before);
    runtime.tear_down(&lab.lab()).await.unwrap();
}

#[tokio::test]
async fn half_a_project_goes() {
    let lab = TestLab::new(
        "  api: {image: IMAGE, command: [serve]}
  never: {image: IMAGE, entrypoint: [/not-there], depends_on: [api]}",
    );
    let mut runtime = lab.runtime();
    let message = told(&lab.try_up(&mut runtime).await.unwrap_err());
    assert!(message.contains("/not-there"), "{message}");
    let residue = runtime.tear_down(&lab.lab()).await.unwrap();
    assert_eq!(residue, Residue::default());
    assert_eq!(lab.things(), [""; 0]);
}

#[tokio::test]
async fn a_lab_may_be_claimed_again_after_its_teardown() {
    let lab = TestLab::new("  api: {image: IMAGE, command: [serve]}");
    let mut runtime = lab.runtime();
    for _ in 0..2 {
        assert_eq!(runtime.claim(&lab.lab()).await.unwrap(), [""; 0]);
        runtime.bring_up(&lab.lab()).await.unwrap();
        runtime.tear_down(&lab.lab()).await.unwrap();
    }
}

#[tokio::test]
async fn a_panic_leaves_nothing() {
    let lab = TestLab::new("  api: {image: IMAGE, command: [serve]}");
    let mut runtime = lab.runtime();
    lab.try_up(&mut runtime).await.unwrap();
    let run = tokio::spawn(async move {
        let _held = runtime;
        panic!("on purpose");
    });
    assert!(run.await.unwrap_err().is_panic());
    assert_eq!(lab.things(), [""; 0]);
}

#[tokio::test]
async fn a_lab_left_up_on_purpose_stays() {
    let lab = TestLab::new("  api: {image: IMAGE, command: [serve]}");
    let mut runtime = lab.runtime();
    lab.try_up(&mut runtime).await.unwrap();
    let before = lab.things();
    let message = runtime.keep(&lab.lab()).await;
    assert!(message.contains("down: labctl down test-lab"), "{message}");
    drop(runtime);
    assert_eq!(lab.things(), before);
    let refusal = told(&lab.runtime().claim(&lab.lab()).await.unwrap_err());
    assert!(refusal.contains("`labctl verify --keep` in "), "{refusal}");
    lab.runtime().down(&lab.lab()).await.unwrap();
    assert_eq!(lab.things(), [""; 0]);
}
