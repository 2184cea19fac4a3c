//! A real file system that is full: a small tmpfs that only the service sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{Server, command};

const SIZE: &str = "1m";
/// Becomes root of its own world, mounts the file system there, and turns into the service.
const SCRIPT: &str = r#"mount -t tmpfs -o size="$1" tmpfs "$2" && exec "$3""#;

fn start(folder: &Path) -> Server {
    let plain = command(folder);
    let mut command = Command::new("unshare");
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "sh",
            SIZE,
        ])
        .arg(folder)
        .arg(plain.get_program())
        .env("CHECKPOINT_THRESHOLD", "1000000");
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    Server::spawn(command)
}

#[test]
fn a_full_disk_is_503_until_there_is_space_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let mut client = server.client();
    let inside = |name: &str| -> PathBuf {
        let root = format!("/proc/{}/root", server.process_id());
        Path::new(&root)
            .join(folder.path().strip_prefix("/").unwrap())
            .join(name)
    };
    fs::write(inside("filler"), vec![1; 256 << 10]).unwrap();
    let value = format!("\"{}\"", "x".repeat(10_000));
    let mut kept = 0;
    let refused = loop {
        let (status, body) = client.set(&format!("k{kept}"), &value).unwrap();
        if status != 200 {
            break (status, body);
        }
        kept += 1;
    };
    assert_eq!(refused.0, 503, "{}", refused.1);
    assert!(refused.1.contains("No space left"), "{}", refused.1);
    assert!(kept > 10, "{kept}");
    assert_eq!(client.send("POST", "/admin/checkpoint", "").unwrap().0, 503);
    assert_eq!(client.get("/health").unwrap().0, 200);
    assert_eq!(
        (server.stat("item_count"), server.stat("wal_sequence")),
        (kept, kept)
    );
    fs::remove_file(inside("filler")).unwrap();
    assert_eq!(client.set("after", &value).unwrap().0, 200);
    assert_eq!(server.stat("wal_sequence"), kept + 1);
    // The mount goes with the service, so what it leaves is read by another one, elsewhere.
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(inside("")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let other = Server::start(copy.path(), &[]);
    assert_eq!(other.stat("recovered_entries"), kept + 1);
    assert_eq!(other.client().get("/kv/after").unwrap().0, 200);
    assert_eq!(other.client().get(&format!("/kv/k{kept}")).unwrap().0, 404);
}
