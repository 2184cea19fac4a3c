//! A disk that fails to sync under the running service: every `fdatasync` is turned into EIO by `strace`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use crate::server::Server;

/// As long as this lives, no sync of the service succeeds.
struct FailingSyncs(Child);

impl FailingSyncs {
    /// Returns when they fail.
    fn of(server: &Server) -> Self {
        let mut strace = Command::new("strace")
            .args(["-f", "-e", "trace=fdatasync,fsync"])
            .args(["-e", "inject=fdatasync,fsync:error=EIO"])
            .args(["-p", &server.process_id().to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed: `ci/setup tests` does it");
        let mut said = BufReader::new(strace.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(" attached") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "strace ended");
        }
        // Unread, it would fill the pipe and stop the service with it.
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            let _ = said.read_to_end(&mut rest);
        });
        Self(strace)
    }

    /// Syncs work again.
    fn end(mut self) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        self.0.wait().unwrap();
    }
}

impl Drop for FailingSyncs {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_failed_sync_stops_writes_until_a_restart_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[("CHECKPOINT_THRESHOLD", "1000000")]);
    let mut client = server.client();
    for n in 0..20 {
        assert_eq!(client.set(&format!("k{n}"), "1").unwrap().0, 200);
    }

    let failing = FailingSyncs::of(&server);
    let (status, body) = client.set("k0", "2").unwrap();
    assert_eq!(status, 503, "{body}");
    assert_eq!(client.get("/kv/k0").unwrap().1, r#"{"key":"k0","value":1}"#);
    assert_eq!(client.get("/health").unwrap().0, 200);
    failing.end();

    // What the kernel holds of the file is unknown now, so a sync that works again makes nothing good.
    assert_eq!(client.set("k1", "2").unwrap().0, 503);
    assert_eq!(client.delete("k1").unwrap().0, 503);
    assert_eq!(client.send("POST", "/admin/clear", "").unwrap().0, 503);
    assert_eq!(server.stat("item_count"), 20);
    assert_eq!(server.stat("wal_sequence"), 20);

    server.kill();
    let server = Server::start(folder.path(), &[]);
    let mut client = server.client();
    assert_eq!(server.stat("item_count"), 20);
    assert_eq!(server.stat("lost_entries"), 0);
    for n in 1..20 {
        let expected = format!(r#"{{"key":"k{n}","value":1}}"#);
        assert_eq!(client.get(&format!("/kv/k{n}")).unwrap().1, expected);
    }
    // Never answered with 200, so it may be there or not; but nothing else may.
    let k0 = client.get("/kv/k0").unwrap().1;
    let before_or_after = [r#"{"key":"k0","value":1}"#, r#"{"key":"k0","value":2}"#];
    assert!(before_or_after.contains(&k0.as_str()), "{k0}");
    assert_eq!(client.set("after", "1").unwrap().0, 200);
}
