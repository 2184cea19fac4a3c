//! How it ends: SIGTERM, the crash button.

use crate::server::Server;

#[test]
fn sigterm_ends_it_with_0_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("LOG_FORMAT", "json")]);
    // Idle connections must not hold up the stop.
    let mut client = server.client();
    client.set("a", "1").unwrap();
    let (status, log) = server.terminate();
    assert_eq!(status.code(), Some(0), "{log}");
    for line in log.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            event["timestamp"].is_string() && event["message"].is_string(),
            "{line}"
        );
    }
    for message in ["starting", "recovered", "stopping"] {
        assert!(log.contains(&format!(r#""message":"{message}""#)), "{log}");
    }
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.stat("recovered_entries"), 1);
    assert_eq!(server.client().get("/kv/a").unwrap().0, 200);
}

#[test]
fn the_crash_button_answers_then_ends_it_with_1() {
    let folder = tempfile::tempdir().unwrap();
    for mode in ["true", "false"] {
        let server = Server::start(folder.path(), &[("WAL_ENABLED", mode)]);
        let mut client = server.client();
        client.set("a", "1").unwrap();
        for _ in 0..2 {
            let (status, body) = client.send("POST", "/admin/crash", "{}").unwrap();
            assert_eq!(status, 200);
            assert!(
                body.starts_with(r#"{"status":"crashing","items_in_memory":1,"#),
                "{body}"
            );
        }
        // Until it is gone, it serves, and what it acknowledges is kept.
        let mut kept = 0;
        while let Ok((200, _)) = client.set(&format!("late-{kept}"), "1") {
            kept += 1;
        }
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(1), "{log}");
        let server = Server::start(folder.path(), &[("WAL_ENABLED", mode)]);
        let items = server.stat("item_count");
        if mode == "true" {
            assert!((kept + 1..=kept + 2).contains(&items), "{items} of {kept}");
            server.client().send("POST", "/admin/clear", "").unwrap();
        } else {
            assert_eq!(items, 0);
        }
    }
}
