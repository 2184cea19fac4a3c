//! Nothing is started, and the message says what to do.

use std::{
    env,
    ffi::OsString,
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process,
};

use crate::{
    lab::{CACHE_ASIDE, Lab},
    said::Say as _,
};

#[test]
fn a_lab_that_somebody_else_brought_up_is_left_alone() {
    let lab = Lab::new(CACHE_ASIDE);
    let up = lab.compose(&["up", "-d", "lab08-redis"]).output().unwrap();
    assert!(
        up.status.success(),
        "{}",
        String::from_utf8_lossy(&up.stderr)
    );
    let before = lab.things();

    lab.labctl(&["verify", "08"])
        .said()
        .code(3)
        .says("lab 08-cache-aside is already up (brought up from ")
        .says("compose/08-cache-aside, not by labctl)")
        .says("`labctl down 08-cache-aside`, or `docker compose down` there");
    assert_eq!(lab.things(), before);
}

#[test]
fn a_taken_port_names_its_holder() {
    let lab = Lab::new(CACHE_ASIDE);
    let _listener = TcpListener::bind("127.0.0.1:6379").unwrap();
    lab.labctl(&["verify", "08"])
        .said()
        .code(3)
        .says("port 6379 of service `lab08-redis` is taken by")
        .says(&format!("(process {})", process::id()));
    lab.assert_gone();
}

#[test]
fn without_an_engine_it_says_how_to_get_one() {
    let lab = Lab::new(CACHE_ASIDE);
    lab.labctl(&["verify", "08"])
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .said()
        .code(3)
        .says("the Docker engine at unix:///nonexistent/docker.sock cannot be reached")
        .says("set DOCKER_HOST");
}

#[test]
fn without_compose_it_names_the_set_up() {
    let lab = Lab::new(CACHE_ASIDE);
    // Plugins may live in system folders too, so it takes a `docker` that has none.
    let programs = lab.folder().join("bin");
    fs::create_dir(&programs).unwrap();
    let docker = programs.join("docker");
    let script = r#"#!/bin/sh
case $1 in
  context) echo unix:///var/run/docker.sock ;;
  *) echo "docker: 'compose' is not a docker command." >&2; exit 1 ;;
esac
"#;
    fs::write(&docker, script).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    lab.labctl(&["verify", "08"])
        .env("PATH", first_on_the_path(&programs))
        .said()
        .code(3)
        .says("docker has no Compose plugin: run `ci/setup`");
}

/// The caller's PATH with this folder before all others.
fn first_on_the_path(folder: &Path) -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    env::join_paths([folder.to_owned()].into_iter().chain(folders)).unwrap()
}
