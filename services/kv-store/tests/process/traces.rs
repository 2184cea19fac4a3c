//! The spans of the contract, as the binary sends them.

use test_service::{Collector, Program, Running};

const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_kv-store"));

fn start(folder: &tempfile::TempDir, has_log: bool, collector: &Collector) -> Running {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let variables = [
        ("WAL_ENABLED", has_log.to_string()),
        ("WAL_PATH", path("wal.log")),
        ("CHECKPOINT_PATH", path("checkpoint.json")),
        ("CHECKPOINT_THRESHOLD", "3".to_owned()),
    ];
    let mut service = PROGRAM.start(&[&variables[..], &collector.variables()].concat());
    service.until_healthy();
    service
}

fn set(service: &Running, trace: u8) {
    service.ask_traced(trace, "POST", "/kv", r#"{"key":"a","value":1}"#);
}

fn server(method: &str, route: &str, target: &str, status: u16) -> String {
    format!(
        "caller > {method} {route} [server] http.method={method} http.route={route} http.target={target} http.status_code={status}"
    )
}

#[test]
fn every_operation_has_its_span_and_a_checkpoint_is_below_what_made_it_due() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let service = start(&folder, true, &collector);
    let kv = |method: &str, status| server(method, "/kv/{key}", "/kv/a", status);

    set(&service, 1);
    assert_eq!(
        collector.trace(1, 2),
        [
            server("POST", "/kv", "/kv", 200),
            "POST /kv > kv.set [internal] kv.key=a kv.wal_enabled=true kv.wal_sequence=1"
                .to_owned(),
        ]
    );
    service.ask_traced(2, "GET", "/kv/a", "");
    assert_eq!(
        collector.trace(2, 2),
        [
            kv("GET", 200),
            "GET /kv/{key} > kv.get [internal] kv.key=a".to_owned()
        ]
    );
    service.ask_traced(3, "DELETE", "/kv/a", "");
    assert_eq!(
        collector.trace(3, 2),
        [
            kv("DELETE", 200),
            "DELETE /kv/{key} > kv.delete [internal] kv.key=a kv.wal_enabled=true kv.wal_sequence=2".to_owned(),
        ]
    );
    for (trace, method, rest) in [
        (4, "GET", "kv.get [internal] kv.key=a !"),
        (
            5,
            "DELETE",
            "kv.delete [internal] kv.key=a kv.wal_enabled=true !",
        ),
    ] {
        service.ask_traced(trace, method, "/kv/a", "");
        let missing = collector.trace(trace, 2);
        assert_eq!(
            missing,
            [kv(method, 404), format!("{method} /kv/{{key}} > {rest}")]
        );
    }

    set(&service, 6);
    assert_eq!(
        collector.trace(6, 3)[1..],
        [
            "POST /kv > kv.set [internal] kv.key=a kv.wal_enabled=true kv.wal_sequence=3",
            "kv.set > kv.checkpoint [internal] checkpoint.entries=3 checkpoint.duration_ms=#",
        ]
    );
    set(&service, 7);
    service.ask_traced(8, "POST", "/admin/checkpoint", "");
    assert_eq!(
        collector.trace(8, 2)[1..],
        [
            "POST /admin/checkpoint > kv.checkpoint [internal] checkpoint.entries=1 checkpoint.duration_ms=#"
        ]
    );

    // Neither the list nor the probe has more than that.
    service.ask_traced(9, "GET", "/kv", "");
    service.ask_traced(10, "GET", "/metrics", "");
    collector.trace(9, 1);
    let before = collector.count();
    service.terminate();
    assert_eq!(collector.count(), before);
}

#[test]
fn without_a_log_there_is_no_sequence() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start();
    let service = start(&folder, false, &collector);
    set(&service, 1);
    assert_eq!(
        collector.trace(1, 2)[1..],
        ["POST /kv > kv.set [internal] kv.key=a kv.wal_enabled=false"]
    );
    service.ask_traced(2, "DELETE", "/kv/a", "");
    assert_eq!(
        collector.trace(2, 2)[1..],
        ["DELETE /kv/{key} > kv.delete [internal] kv.key=a kv.wal_enabled=false"]
    );
}
