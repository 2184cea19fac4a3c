use proptest::prelude::*;

use super::*;
use crate::Span;
use RedactionKind::{ContainerId, Duration, HexId, Number, Port, Size, Timestamp, Uuid};

const KINDS: [RedactionKind; 7] = [Uuid, Timestamp, Duration, Size, Port, ContainerId, HexId];

fn rule(kind: RedactionKind, path: Option<&str>) -> Redaction {
    Redaction {
        kind,
        path: path.map(str::to_owned),
        span: Span::new(0, 0),
    }
}

#[track_caller]
fn check(kind: RedactionKind, text: &str, expected: &str) {
    assert_eq!(redact(text, &[rule(kind, None)]).as_deref(), Ok(expected));
}

/// Each text is one value of the kind, wherever it stands.
#[track_caller]
fn check_values(kind: RedactionKind, values: &[&str]) {
    let hidden = format!("[{}]", kinds::word(kind));
    for value in values {
        check(kind, value, &hidden);
        check(
            kind,
            &format!("a ({value}), b\n"),
            &format!("a ({hidden}), b\n"),
        );
        check(
            kind,
            &format!("\"x\": \"{value}\"."),
            &format!("\"x\": \"{hidden}\"."),
        );
        // What a space separates is a value by itself.
        if !value.contains(' ') {
            check_untouched(kind, &[&format!("x{value}"), &format!("{value}x")]);
        }
    }
}

#[track_caller]
fn check_untouched(kind: RedactionKind, texts: &[&str]) {
    for text in texts {
        check(kind, text, text);
    }
}

const ID: &str = "5f0c7a52-8a1e-4c3b-9b0d-1c2d3e4f5a6b";

#[test]
fn uuids_are_hidden_whole_only() {
    check_values(Uuid, &[ID, "5F0C7A52-8A1E-4C3B-9B0D-1C2D3E4F5A6B"]);
    check(
        Uuid,
        &format!("item:{ID} user-{ID}"),
        "item:[uuid] user-[uuid]",
    );
    check_untouched(
        Uuid,
        &[
            "5f0c7a52-8a1e-4c3b-9b0d",
            "prod-001",
            &format!("{ID}0"),
            &format!("{ID}-1"),
        ],
    );
}

#[test]
fn dates_with_a_time_are_hidden() {
    check_values(
        Timestamp,
        &[
            "2026-01-15T10:30:00Z",
            "2026-01-15T10:30:00",
            "2026-01-15T10:30:00.123456",
            "2026-01-15T10:30:00.123456789+02:00",
            "2026-01-15 10:30:00",
            "2026-01-15 10:30:00,123",
            "2026-01-15 10:30:00 +0000 UTC",
            "2026-01-15 10:30",
            "2026/01/15 10:30:00",
            "Thu, 15 Jan 2026 10:30:00 GMT",
            "15 Jan 2026 10:30:00.123",
            "Thu Jan 15 10:30:00 UTC 2026",
            "Thu Jan  5 10:30:00 2026",
            "15/Jan/2026:10:30:00 +0000",
            "Jan  5 10:30:00",
        ],
    );
    check_untouched(
        Timestamp,
        &[
            "10:30:00",
            "2026-01-15",
            "2026-13-15T10:30:00Z",
            "2026-01-32 10:30:00",
            "v2026",
            "Jan 5",
        ],
    );
}

#[test]
fn durations_need_a_unit_of_time() {
    check_values(
        Duration,
        &[
            "1.5s",
            "12ms",
            "3µs",
            "0m0.012s",
            "1h2m3s",
            "20 ms",
            "5 seconds",
            "1 minute",
            "About a minute",
            "Less than a second",
            "2 days",
            "10min",
            "7d",
        ],
    );
    check(
        Duration,
        "real\t0m0.012s\nUp 5 seconds (healthy)",
        "real\t[duration]\nUp [duration] (healthy)",
    );
    check(Duration, "5s/op, 3ms.", "[duration]/op, [duration].");
    check_untouched(
        Duration,
        &[
            "5", "v1.5s", "retry-5s", "1.2.3s", "5 apples", "5 meters", "12:30", "x5s", "5s_",
        ],
    );
}

#[test]
fn sizes_need_a_unit_of_bytes() {
    check_values(
        Size,
        &[
            "12.5MB", "1GiB", "512 kB", "72 B", "10 bytes", "1.05M", "4K", "1.5Mi",
        ],
    );
    check(Size, "30.5kB / 1.2MB", "[size] / [size]");
    check_untouched(Size, &["5", "5 KBytes x", "MB", "1.2.3MB", "5 MBit"]);
}

#[test]
fn ports_follow_a_host_and_a_colon() {
    for (text, expected) in [
        ("localhost:8000/x", "localhost:[port]/x"),
        ("127.0.0.1:49153->80", "127.0.0.1:[port]->80"),
        ("lab08-redis-1:6379", "lab08-redis-1:[port]"),
        ("[::1]:80, :::8080 *:1", "[::1]:[port], :::[port] *:[port]"),
        ("0.0.0.0:49153->8000/tcp", "0.0.0.0:[port]->8000/tcp"),
    ] {
        check(Port, text, expected);
    }
    check_untouched(
        Port,
        &[
            "10:30:00",
            "localhost:0",
            "localhost:70000",
            "localhost:08",
            "\"a\":5",
            "a: 5",
            ":80",
            "a:1.5",
            "a:5x",
            "2026-01-15T10:30",
            "1:2",
            "x:80:90",
        ],
    );
}

#[test]
fn ids_have_their_length() {
    check_values(
        ContainerId,
        &["0123456789ab", &"0123456789abcdef".repeat(4)],
    );
    check_values(
        HexId,
        &["0123456789abcdef", "0af7651916cd43dd8448eb211c80319c"],
    );
    check(
        HexId,
        &format!("sha256:{}", "ab".repeat(32)),
        "sha256:[hex-id]",
    );
    check_untouched(
        ContainerId,
        &["0123456789a", "0123456789abc", ID, "0123456789AB"],
    );
    check_untouched(HexId, &["0123456789abcde", ID, "deadbeef"]);
}

#[track_caller]
fn check_path(rules: &[(RedactionKind, &str)], text: &str, expected: Result<&str, &str>) {
    let rules: Vec<Redaction> = rules
        .iter()
        .map(|(kind, path)| rule(*kind, Some(path)))
        .collect();
    let redacted = redact(text, &rules).map_err(|error| error.to_string());
    assert_eq!(redacted.as_deref().map_err(String::as_str), expected);
}

#[test]
fn values_at_a_path_are_replaced_in_place() {
    let text =
        format!("before\n{{ \"b\" : 1.50,\n  \"id\": \"{ID}\", \"t\": [1, 2]}}\nafter {ID}\n");
    let expected =
        format!("before\n{{ \"b\" : 1.50,\n  \"id\": \"[uuid]\", \"t\": [1, 2]}}\nafter {ID}\n");
    check_path(&[(Uuid, "$.id")], &text, Ok(&expected));
    check_path(
        &[(Number, "$.t[*]")],
        "{\"t\": [1, 2.5]}",
        Ok("{\"t\": [\"[number]\", \"[number]\"]}"),
    );
    check_path(
        &[(Port, "$.p")],
        "{\"p\":8000}\n{\"p\":\"80\"}",
        Ok("{\"p\":\"[port]\"}\n{\"p\":\"[port]\"}"),
    );
    check_path(
        &[(Timestamp, "$.a")],
        "{\"a\":1700000000}",
        Ok("{\"a\":\"[timestamp]\"}"),
    );
    check_path(&[(Duration, "$")], "\"5ms\"\n", Ok("\"[duration]\"\n"));
    check_path(
        &[(Number, "$.a"), (Number, "$..b")],
        "{\"a\": 1, \"a\": 2, \"\\u0062\": {\"b\": \"x\"}, \"b\": 3}",
        Ok("{\"a\": 1, \"a\": \"[number]\", \"\\u0062\": {\"b\": \"x\"}, \"b\": \"[number]\"}"),
    );
    check_path(
        &[(Number, "$[0]['a,b']")],
        "[{\"a,b\": -1e3}]",
        Ok("[{\"a,b\": \"[number]\"}]"),
    );
}

#[test]
fn a_value_of_another_kind_is_an_error_and_so_is_nothing() {
    check_path(
        &[(Uuid, "$.id")],
        "{\"id\": \"prod-001\"}",
        Err("`redact uuid in $.id` would hide \"prod-001\", which is no uuid"),
    );
    check_path(
        &[(Uuid, "$..id")],
        &format!("[{{\"id\":\"{ID}\"}},{{\"id\":null}}]"),
        Err("`redact uuid in $..id` would hide null, which is no uuid"),
    );
    check_path(
        &[(Number, "$.x")],
        "{\"x\": \"1\"}",
        Err("`redact number in $.x` would hide \"1\", which is no number"),
    );
    check_path(
        &[(Uuid, "$.id")],
        "{\"x\": 1}",
        Err("`redact uuid in $.id` selects nothing in the output"),
    );
    check_path(
        &[(Uuid, "$.id")],
        "no JSON",
        Err("`redact uuid in $.id` selects nothing in the output"),
    );
    check_path(
        &[(Duration, "$.d")],
        "{\"d\": 5}",
        Err("`redact duration in $.d` would hide 5, which is no duration"),
    );
    assert_eq!(
        redact("1", &[rule(Number, None)]),
        Err(RedactError::NumberAnywhere)
    );
}

#[test]
fn at_a_path_the_whole_value_is_of_the_kind_and_in_its_range() {
    let check = |kind, value: &str, is_of_kind: bool| {
        let text = format!("{{\"x\": {value}}}");
        let redacted = redact(&text, &[rule(kind, Some("$.x"))]);
        assert_eq!(redacted.is_ok(), is_of_kind, "{kind:?}: {redacted:?}");
    };
    check(Uuid, &format!("\"{ID}\""), true);
    check(Uuid, &format!("\"{ID} and more\""), false);
    check(Duration, "\"5s\"", true);
    check(Duration, "\"5s late\"", false);
    for (port, is_port) in [("0", false), ("1", true), ("65535", true), ("65536", false)] {
        check(Port, port, is_port);
        check(Port, &format!("\"{port}\""), is_port);
    }
    check(Port, "-1", false);
    check(Timestamp, "1767225600", true);
    check(Timestamp, "1767225600123", true);
    check(Timestamp, "12", false);
    check(Timestamp, "99999999999", false);
}

#[test]
fn rules_with_a_path_see_the_text_as_printed() {
    let text = format!("{{\"id\": \"{ID}\", \"other\": \"{ID}\"}}");
    let redacted = redact(&text, &[rule(Uuid, None), rule(Uuid, Some("$.id"))]);
    assert_eq!(
        redacted.as_deref(),
        Ok("{\"id\": \"[uuid]\", \"other\": \"[uuid]\"}")
    );
}

fn text_with_values() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        ID,
        "5s",
        "12ms",
        "1.5",
        ".",
        "-",
        ":",
        "::",
        "8000",
        "localhost",
        "10:30",
        "2026-01-15T10:30:00Z",
        "Z",
        " ",
        " ",
        "\n",
        "x",
        "_",
        "[",
        "]",
        "[uuid]",
        "0123456789ab",
        "0123456789abcdef",
        "5 MB",
        "4K",
        "127.0.0.1",
        "Jan  5 10:30:00",
        "é",
        "µs",
        "1",
        ",",
        "{",
        "}",
        "\"",
        "About a minute",
        "/",
        "T",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn redacting_again_changes_nothing(text in text_with_values(), kinds in prop::sample::subsequence(KINDS.to_vec(), 1..7)) {
        let rules: Vec<Redaction> = kinds.into_iter().map(|kind| rule(kind, None)).collect();
        let once = redact(&text, &rules).unwrap();
        prop_assert_eq!(redact(&once, &rules).unwrap(), once);
    }

    #[test]
    fn text_without_digits_is_untouched(text in "[^0-9AL]*") {
        let rules: Vec<Redaction> = KINDS.iter().map(|kind| rule(*kind, None)).collect();
        prop_assert_eq!(redact(&text, &rules).unwrap(), text);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), json in text_with_values()) {
        let rules: Vec<Redaction> = KINDS.iter().map(|kind| rule(*kind, None)).collect();
        let _ = redact(&text, &rules);
        let _ = redact(&format!("{{\"a\": \"{json}\"}}\n{text}"), &[rule(Uuid, Some("$..*"))]);
    }
}

#[test]
fn long_runs_take_linear_work() {
    let rules: Vec<Redaction> = KINDS.iter().map(|kind| rule(*kind, None)).collect();
    for piece in ["a", "0", "a0-", "1:", "[", "{\"a\":", "5s-", "a.", "] :"] {
        let text = piece.repeat(40_000 / piece.len());
        assert!(redact(&text, &rules).is_ok());
        let _ = redact(&text, &[rule(Number, Some("$..a"))]);
    }
}
