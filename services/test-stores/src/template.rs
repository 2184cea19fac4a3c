//! A PostgreSQL data folder to copy from, made once and kept beside the test binaries.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::User;

/// What Debian's `postgresql` package brings.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
    pub(crate) psql: PathBuf,
}

/// Superuser of the cluster.
pub(crate) const USER: &str = "labuser";
/// Its password.
pub(crate) const PASSWORD: &str = "labpass";
/// To be raised when the options below change.
const VERSION: u32 = 2;
/// The cluster's only database.
pub(crate) const DATABASE: &str = "lab";
/// Three databases are three times the files to copy: one stays, under our name.
const KEEP_ONE: [(&str, &str); 2] = [
    (
        "postgres",
        "UPDATE pg_database SET datistemplate = false;\n\
         DROP DATABASE template0;\n\
         UPDATE pg_database SET datname = 'lab' WHERE datname = 'template1';\n",
    ),
    (DATABASE, "DROP DATABASE postgres;\n"),
];

/// Copies the template to `data`, which must not exist yet, for `owner`.
pub(crate) fn copy_to(data: &Path, programs: &Programs, owner: Option<&User>) {
    let folder = folder();
    let template = folder.join(format!("postgres-{VERSION}"));
    fs::create_dir_all(&folder).expect("the build folder is writable");
    let lock = File::create(folder.join("lock")).expect("the build folder is writable");
    // Other test processes wait for the first; it is released with the file.
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).expect("a file can be locked");
    if !template.exists() {
        let scratch = tempfile::tempdir().expect("there is room for a folder");
        give(scratch.path(), owner);
        let made = scratch.path().join("data");
        make(&made, programs, owner);
        let partial = folder.join("partial");
        let _ = fs::remove_dir_all(&partial);
        copy_tree(&made, &partial, None);
        fs::rename(&partial, &template).expect("it is the same folder");
    }
    copy_tree(&template, data, owner);
}

/// Lets `owner` in.
pub(crate) fn give(path: &Path, owner: Option<&User>) {
    if let Some(user) = owner {
        let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
        chown(path, Some(uid), Some(gid)).expect("root can give files away");
    }
}

fn make(data: &Path, programs: &Programs, owner: Option<&User>) {
    let secret = data.with_extension("secret");
    fs::write(&secret, PASSWORD).expect("the folder is writable");
    give(&secret, owner);
    let mut initdb = as_user(&programs.initdb, owner);
    initdb
        .arg("--pgdata")
        .arg(data)
        .args(["--username", USER, "--auth", "scram-sha-256"])
        .arg("--pwfile")
        .arg(&secret)
        .args(["--encoding", "UTF8", "--locale", "C", "--no-sync"])
        .args(["--wal-segsize", "1"]);
    run(initdb, "");
    for (database, sql) in KEEP_ONE {
        let mut single = as_user(&programs.postgres, owner);
        single
            .args(["--single", "-F", "-D"])
            .arg(data)
            .arg(database);
        run(single, sql);
    }
}

fn as_user(program: &Path, user: Option<&User>) -> Command {
    let Some(user) = user else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &user.uid.to_string()])
        .args(["--regid", &user.gid.to_string()])
        .args(["--clear-groups", "--"])
        .arg(program);
    command
}

fn run(mut command: Command, input: &str) {
    command
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it is our child");
    let said = String::from_utf8_lossy(&output.stderr);
    let is_good = output.status.success() && !said.contains("ERROR");
    assert!(is_good, "{command:?} failed:\n{said}");
}

fn copy_tree(from: &Path, to: &Path, owner: Option<&User>) {
    let metadata = fs::symlink_metadata(from).expect("it was listed");
    if metadata.is_dir() {
        fs::create_dir(to).unwrap_or_else(|error| panic!("cannot make {}: {error}", to.display()));
        fs::set_permissions(to, fs::Permissions::from_mode(0o700)).expect("it is ours");
        for entry in fs::read_dir(from).expect("it is a folder") {
            let entry = entry.expect("nobody changes the template");
            copy_tree(&entry.path(), &to.join(entry.file_name()), owner);
        }
    } else {
        fs::copy(from, to)
            .unwrap_or_else(|error| panic!("cannot copy to {}: {error}", to.display()));
    }
    give(to, owner);
}

/// Beside the binaries of this build, so that `cargo clean` removes it.
fn folder() -> PathBuf {
    let binary = std::env::current_exe().expect("a test is a file");
    let folder = binary.parent().expect("a file is in a folder");
    folder.join("test-stores")
}
