//! What each kind of volatile value looks like.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::expect::RedactionKind;

/// The kind as written after `redact`.
pub(super) const fn word(kind: RedactionKind) -> &'static str {
    match kind {
        RedactionKind::Uuid => "uuid",
        RedactionKind::Timestamp => "timestamp",
        RedactionKind::Duration => "duration",
        RedactionKind::Size => "size",
        RedactionKind::Port => "port",
        RedactionKind::ContainerId => "container-id",
        RedactionKind::HexId => "hex-id",
        RedactionKind::Number => "number",
    }
}

/// How long the value of that kind is that `text` begins with.
pub(super) fn prefix_length(kind: RedactionKind, text: &str) -> Option<usize> {
    pattern(kind).find(text).map(|found| found.end())
}

/// Whether a JSON value is of that kind.
pub(crate) fn is_of_kind(kind: RedactionKind, value: &Value) -> bool {
    match (kind, value) {
        (RedactionKind::Number, Value::Number(_)) => true,
        (RedactionKind::Port, Value::Number(number)) => number
            .as_u64()
            .is_some_and(|port| (1..=65535).contains(&port)),
        (RedactionKind::Timestamp, Value::Number(number)) => {
            number.as_f64().is_some_and(is_unix_time)
        }
        (RedactionKind::Number, _) => false,
        (_, Value::String(text)) => prefix_length(kind, text) == Some(text.len()),
        _ => false,
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, between the years 2001 and 2286.
fn is_unix_time(number: f64) -> bool {
    [1.0, 1e3, 1e6, 1e9]
        .iter()
        .any(|unit| (1e9..1e10).contains(&(number / unit)))
}

fn pattern(kind: RedactionKind) -> &'static Regex {
    match kind {
        RedactionKind::Uuid => &UUID,
        RedactionKind::Timestamp => &TIMESTAMP,
        RedactionKind::Duration => &DURATION,
        RedactionKind::Size => &SIZE,
        RedactionKind::ContainerId => &CONTAINER_ID,
        RedactionKind::HexId => &HEX_ID,
        RedactionKind::Port => &PORT,
        RedactionKind::Number => &NUMBER,
    }
}

static UUID: LazyLock<Regex> =
    LazyLock::new(|| anchored("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"));
static CONTAINER_ID: LazyLock<Regex> = LazyLock::new(|| anchored("(?:[0-9a-f]{64}|[0-9a-f]{12})"));
static HEX_ID: LazyLock<Regex> = LazyLock::new(|| anchored("[0-9a-fA-F]{16,}"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| anchored("[0-9]+"));
static PORT: LazyLock<Regex> = LazyLock::new(|| {
    anchored(
        "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})",
    )
});

/// `1.5s`, `1m2.5s`, `0m0.012s`, `20 ms`, `5 seconds`, and how Docker rounds.
static DURATION: LazyLock<Regex> = LazyLock::new(|| {
    let number = r"[0-9]+(?:\.[0-9]+)?";
    let words = "(?:(?:nano|micro|milli)?seconds?|msecs?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)";
    let short = "(?:ns|us|µs|μs|ms|s|m|h|d)";
    anchored(&format!(
        r"(?:{number} ?{words}|(?:{number}{short})+|{number} (?:ns|us|µs|μs|ms|s|min|h)|About an? (?:minute|hour)|Less than a second)"
    ))
});

/// `12.5MB`, `1GiB`, `512 kB`, `72 B`, `10 bytes`, `1.05M`.
static SIZE: LazyLock<Regex> =
    LazyLock::new(|| anchored(r"[0-9]+(?:\.[0-9]+)?(?: ?(?:[kKMGTP]i?[Bb]|bytes?|B)|[kKMGT]i?)"));

/// RFC 3339 and what it is written like, HTTP's and mail's dates, `date`'s and C's, access logs', syslog's, Go's.
static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    let day = "(?:0[1-9]|[12][0-9]|3[01])";
    let loose_day = "(?:0[1-9]|[12][0-9]|3[01]| ?[1-9])";
    let month = "(?:0[1-9]|1[0-2])";
    let month_name = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}";
    let day_name = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}";
    let minutes = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
    let seconds = r"(?::(?:[0-5][0-9]|60)(?:[.,][0-9]{1,9})?)";
    let half = "(?: [AP]M)?";
    let offset = "(?: ?(?:[+-][0-9]{2}:?[0-9]{2}|Z|z|UTC|GMT))";
    let zone = "(?: (?:[+-][0-9]{4}|[A-Z]{3,5}))";
    anchored(&format!(
        "(?:[0-9]{{4}}-{month}-{day}[Tt ]{minutes}{seconds}?{offset}?(?: UTC)?\
         |[0-9]{{4}}/{month}/{day} {minutes}{seconds}\
         |(?:{day_name},? )?{loose_day} {month_name} [0-9]{{4}},? {minutes}{seconds}{half}{zone}?\
         |{day_name} {month_name} {loose_day} {minutes}{seconds}{half}{zone}? [0-9]{{4}}\
         |{day}/{month_name}/[0-9]{{4}}:{minutes}{seconds}{zone}?\
         |{month_name} {loose_day} {minutes}{seconds})"
    ))
});

/// A pattern at the beginning of a text that ends where a word ends.
fn anchored(pattern: &str) -> Regex {
    Regex::new(&format!(r"\A{pattern}\b")).expect("the pattern is a constant that tests use")
}
