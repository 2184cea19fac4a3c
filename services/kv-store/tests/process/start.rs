//! What it cannot start with: one clear line, a code, and the files as they were.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::server::{PROGRAM, Server, command};

const CONFIG: i32 = 2;
const DATA: i32 = 3;

#[track_caller]
fn check(output: &Output, code: i32, message: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("kv-store: ") && said.contains(message),
        "{said}"
    );
}

#[track_caller]
fn misconfigured(arguments: &[&str], variable: (&str, &str), message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    let output = command.args(arguments).env(variable.0, variable.1).output();
    check(&output.unwrap(), CONFIG, message);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn wrong_arguments_and_variables_end_it_with_2() {
    misconfigured(&["serve"], ("A", "b"), "usage: kv-store");
    misconfigured(&["healthcheck", "x"], ("A", "b"), "usage: kv-store");
    misconfigured(&[], ("LISTEN", "8000"), "LISTEN=`8000` is not an address");
    misconfigured(
        &[],
        ("CHECKPOINT_THRESHOLD", "-1"),
        "CHECKPOINT_THRESHOLD=`-1` is not",
    );
    misconfigured(
        &[],
        ("LOG_FORMAT", "xml"),
        "LOG_FORMAT=`xml` is not one of text, json",
    );
    misconfigured(&[], ("WAL_PATH", "/"), "WAL_PATH=`/` has no file name");
    misconfigured(
        &[],
        ("CHECKPOINT_PATH", "/d/c.tmp"),
        "another of the store's files",
    );
}

#[test]
fn a_taken_port_and_a_missing_service_end_it_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let output = command(folder.path()).env("LISTEN", &taken).output();
    check(&output.unwrap(), 1, "cannot listen on");
    let mut command = command(folder.path());
    let output = command
        .arg("healthcheck")
        .env("LISTEN", "127.0.0.1:1")
        .output();
    check(
        &output.unwrap(),
        1,
        "no answer from http://127.0.0.1:1/health",
    );
}

#[test]
fn a_folder_that_a_running_store_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    server.client().set("a", "1").unwrap();
    refused(folder.path(), "wal.log.lock is held by a running store");
    assert_eq!(server.client().get("/kv/a").unwrap().0, 200);
    let healthcheck = PROGRAM.healthcheck(server.address());
    assert!(healthcheck.status.success());
}

#[test]
fn files_that_are_not_its_own_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name| folder.path().join(name);
    for (name, contents, message) in [
        ("checkpoint.json", "", "unreadable checkpoint"),
        ("checkpoint.json", "{}", "unreadable checkpoint"),
        ("wal.log", "an older version's", "of another version"),
        (
            "wal.log.00000001",
            "garbage that was never a log",
            "is not a log",
        ),
    ] {
        fs::write(place(name), contents).unwrap();
        refused(folder.path(), message);
        assert_eq!(fs::read_to_string(place(name)).unwrap(), contents, "{name}");
        fs::remove_file(place(name)).unwrap();
    }
    refused(&place("wal.log.lock").join("x"), "cannot use the folder");
}

/// The superuser may write anywhere, so this needs somebody who is not.
#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    let is_superuser = fs::write(folder.path().join("x"), "").is_ok();
    let command = command(folder.path());
    // Where nobody may reach it, whatever folder the tests are built in.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::set_permissions(elsewhere.path(), Permissions::from_mode(0o755)).unwrap();
    let binary = elsewhere.path().join("kv-store");
    fs::copy(command.get_program(), &binary).unwrap();
    let mut user = if is_superuser {
        let mut user = Command::new("setpriv");
        user.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        user.arg(&binary);
        user
    } else {
        Command::new(&binary)
    };
    user.env_clear();
    for (name, value) in command.get_envs() {
        user.env(name, value.unwrap_or_default());
    }
    check(&user.output().unwrap(), DATA, "cannot lock");
}

#[track_caller]
fn refused(folder: &Path, message: &str) {
    check(&command(folder).output().unwrap(), DATA, message);
}
