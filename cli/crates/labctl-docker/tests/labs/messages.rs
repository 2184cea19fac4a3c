//! What is missing, and the command that mends it.

use labctl_docker::CheckState;
use labctl_engine::Runtime;

use crate::fixture::{TestLab, told};

const ONE: &str = "  api: {image: IMAGE, command: [serve]}";

async fn refusal(lab: &TestLab, env: &[(&str, &str)]) -> String {
    told(&lab.runtime().claim(&lab.lab_with(env)).await.unwrap_err())
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_named() {
    let lab = TestLab::new(ONE);
    let socket = lab.path().join("closed.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let host = format!("unix://{}", socket.display());
    let message = refusal(&lab, &[("DOCKER_HOST", &host)]).await;
    let expected = format!("the Docker engine at {host} cannot be reached: start it");
    assert!(message.starts_with(&expected), "{message}");
}

#[tokio::test]
async fn a_missing_compose_plugin_is_told_with_what_mends_it() {
    let lab = TestLab::new(ONE);
    let plugins = lab.path().join("docker/cli-plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    // An old plugin of the person's own comes first wherever a machine has one for everybody.
    let plugin = plugins.join("docker-compose");
    let script = "#!/bin/sh\nif [ \"$1\" = docker-cli-plugin-metadata ]; then\n\
        echo '{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"t\",\"Version\":\"v2.3.4\"}'; else echo 2.3.4; fi\n";
    std::fs::write(&plugin, script).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&plugin, executable).unwrap();
    let folder = lab.path().join("docker");
    let message = refusal(&lab, &[("DOCKER_CONFIG", folder.to_str().unwrap())]).await;
    assert!(
        message.starts_with("Docker Compose 2.3.4 is too old"),
        "{message}"
    );
    assert!(message.contains("`ci/setup`"), "{message}");
}

#[tokio::test]
async fn no_docker_command_is_told() {
    let lab = TestLab::new(ONE);
    let empty = lab.path().to_str().unwrap();
    let message = refusal(&lab, &[("PATH", empty)]).await;
    assert!(message.starts_with("docker is not installed"), "{message}");
}

#[tokio::test]
async fn an_image_that_cannot_be_had_is_named_with_its_service() {
    let lab = TestLab::new(
        "  api: {image: 127.0.0.1:1/not/there:1, command: [serve]}\n  other: {image: IMAGE, command: [serve]}",
    );
    let message = told(&lab.try_up(&mut lab.runtime()).await.unwrap_err());
    let expected =
        "the image `127.0.0.1:1/not/there:1` of service `api` cannot be had: run `ci/setup`";
    assert!(message.starts_with(expected), "{message}");
}

#[tokio::test]
async fn a_broken_compose_file_is_told() {
    let lab = TestLab::new("  api: {imag: x}");
    let message = refusal(&lab, &[]).await;
    assert!(message.contains("imag"), "{message}");
}

#[tokio::test]
async fn doctor_tells_what_is_there() {
    let lab = TestLab::new(ONE);
    let checks = lab.runtime().doctor(&[lab.lab()]).await;
    let bad: Vec<_> = checks
        .iter()
        .filter(|check| !matches!(check.state, CheckState::Good(_)))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(checks.len(), 4);
}
