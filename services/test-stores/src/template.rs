//! A PostgreSQL data folder to copy from, made once and kept beside the test binaries.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::User;

/// Superuser of the cluster.
pub(crate) const USER: &str = "labuser";
/// Its password.
pub(crate) const PASSWORD: &str = "labpass";
/// To be raised when the options below change.
const VERSION: u32 = 1;

/// Copies the template to `data`, which must not exist yet, for `owner`.
pub(crate) fn copy_to(data: &Path, initdb: &Path, owner: Option<&User>) {
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
        make(&made, initdb, owner);
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

fn make(data: &Path, initdb: &Path, owner: Option<&User>) {
    let secret = data.with_extension("secret");
    fs::write(&secret, PASSWORD).expect("the folder is writable");
    give(&secret, owner);
    let mut command = match owner {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", &user.uid.to_string()])
                .args(["--regid", &user.gid.to_string()])
                .args(["--clear-groups", "--"])
                .arg(initdb);
            command
        }
        None => Command::new(initdb),
    };
    let output = command
        .arg("--pgdata")
        .arg(data)
        .args(["--username", USER, "--auth", "scram-sha-256"])
        .arg("--pwfile")
        .arg(&secret)
        .args([
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
            "--wal-segsize",
            "1",
        ])
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {}: {error}", initdb.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "initdb failed:\n{said}");
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
