//! The record: one operation as it lies in a segment.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The largest payload; a length above it is not one of ours.
pub const PAYLOAD_LIMIT_BYTES: usize = 16 << 20;

/// What every payload begins with, and no payload contains at such a place: see [`Record`].
pub(super) const PAYLOAD_START: &[u8] = b"{\"seq\":";

/// Bytes around a payload: length before, check after.
pub(super) const LENGTH_BYTES: usize = 4;
const CHECK_BYTES: usize = 4;

/// What a writer asks for; the log gives it its sequence.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Any text, the empty one too.
    pub key: &'a str,
    /// What happens to the key.
    pub action: Action<'a>,
    /// When, by the wall clock; nothing depends on it.
    pub time: SystemTime,
}

/// What happens to a key.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// The key has this value from now on; the text is kept byte for byte, so give it compact.
    Set(&'a RawValue),
    /// The key is gone.
    Delete,
}

/// One operation in the log.
///
/// ```text
///  0            4                          4+n          8+n
///  ├────────────┼───────────────────────────┼────────────┤
///  │ n, u32 BE  │ payload: n bytes of JSON  │ c, u32 BE  │      1 ≤ n ≤ 16 MiB
///  └────────────┴───────────────────────────┴────────────┘      c = CRC-32C of length and payload
///
///  {"seq":7,"op":"SET","key":"user-1","value":{"balance":100},"ts":1732560000.25,"gen":1,"durable":6}
///  {"seq":8,"op":"DELETE","key":"user-1","value":null,"ts":1732560000.5,"gen":1,"durable":7}
/// ```
///
/// - `seq` rises by one with every operation, over segments, checkpoints and restarts; it begins at 1 in each generation.
/// - `gen` is the generation: how often the store has been cleared, plus one.
/// - `durable` is the highest `seq` known to be on the disk when this record was written. If a record at or below the
///   mark of an intact one cannot be read, it had been acknowledged: that is damage. One above every mark may never
///   have been: that is a torn tail.
///
/// No record can be found inside another's payload: the first byte of a length is 0 or 1, and JSON has no such byte.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// Place in the order of operations.
    pub sequence: u64,
    /// The generation it belongs to.
    pub generation: u64,
    /// The highest sequence known durable when it was written.
    pub durable: u64,
    /// Unix time in seconds.
    pub timestamp: f64,
    /// The key.
    pub key: Cow<'a, str>,
    /// What happened to the key.
    pub action: Action<'a>,
}

/// Why bytes are not a record.
#[derive(Debug)]
pub(super) enum NotARecord {
    /// A record may begin here, but there are too few bytes for all of it.
    Short,
    /// No record is here.
    Broken,
    /// The check holds, so somebody wrote it so; we cannot read it.
    Foreign(serde_json::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    seq: u64,
    op: Operation,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: &'a RawValue,
    ts: f64,
    r#gen: u64,
    durable: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Operation {
    Set,
    Delete,
}

/// Where a record stands; what the log adds to a [`Change`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub(super) sequence: u64,
    pub(super) generation: u64,
    pub(super) durable: u64,
}

/// Appends a record to `buffer`; gives `false`, and adds nothing, when its payload would be above the limit.
pub(super) fn encode(buffer: &mut Vec<u8>, change: &Change<'_>, position: Position) -> bool {
    let start = buffer.len();
    let (op, value) = match change.action {
        Action::Set(value) => (Operation::Set, value),
        Action::Delete => (Operation::Delete, RawValue::NULL),
    };
    let since_epoch = change.time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let payload = Payload {
        seq: position.sequence,
        op,
        key: Cow::Borrowed(change.key),
        value,
        ts: since_epoch.as_secs_f64(),
        r#gen: position.generation,
        durable: position.durable,
    };
    buffer.extend_from_slice(&[0; LENGTH_BYTES]);
    serde_json::to_writer(&mut *buffer, &payload).expect("a payload is JSON and memory takes it");
    let length = buffer.len() - start - LENGTH_BYTES;
    if length > PAYLOAD_LIMIT_BYTES {
        buffer.truncate(start);
        return false;
    }
    let length = u32::try_from(length).expect("the limit fits");
    buffer[start..start + LENGTH_BYTES].copy_from_slice(&to_bytes(length));
    let check = crc32c::crc32c(&buffer[start..]);
    buffer.extend_from_slice(&to_bytes(check));
    true
}

/// The size of the record at the front of `bytes` by its length alone; `None` when no record has such a length.
pub(super) fn size_by_length(bytes: &[u8]) -> Option<usize> {
    let length = from_bytes(*bytes.first_chunk()?) as usize;
    let is_ours = (1..=PAYLOAD_LIMIT_BYTES).contains(&length);
    is_ours.then_some(LENGTH_BYTES + length + CHECK_BYTES)
}

/// Reads the record at the front of `bytes`; gives it and its size.
pub(super) fn decode(bytes: &[u8]) -> Result<(Record<'_>, usize), NotARecord> {
    if bytes.len() < LENGTH_BYTES {
        return Err(NotARecord::Short);
    }
    let size = size_by_length(bytes).ok_or(NotARecord::Broken)?;
    let bytes = bytes.get(..size).ok_or(NotARecord::Short)?;
    let (covered, check) = bytes.split_last_chunk().expect("a size has a check in it");
    if crc32c::crc32c(covered) != from_bytes(*check) {
        return Err(NotARecord::Broken);
    }
    let payload: Payload<'_> =
        serde_json::from_slice(&covered[LENGTH_BYTES..]).map_err(NotARecord::Foreign)?;
    let action = match payload.op {
        Operation::Set => Action::Set(payload.value),
        Operation::Delete => Action::Delete,
    };
    let record = Record {
        sequence: payload.seq,
        generation: payload.r#gen,
        durable: payload.durable,
        timestamp: payload.ts,
        key: payload.key,
        action,
    };
    Ok((record, size))
}

#[expect(clippy::big_endian_bytes, reason = "the lab's format is big-endian")]
fn to_bytes(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

#[expect(clippy::big_endian_bytes, reason = "the lab's format is big-endian")]
fn from_bytes(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn encoded(key: &str, value: Option<&str>) -> Vec<u8> {
        let value = value.map(|text| serde_json::from_str::<&RawValue>(text).unwrap());
        let change = Change {
            key,
            action: value.map_or(Action::Delete, Action::Set),
            time: UNIX_EPOCH + Duration::from_millis(1_732_560_000_250),
        };
        let position = Position {
            sequence: 7,
            generation: 1,
            durable: 6,
        };
        let mut buffer = Vec::new();
        assert!(encode(&mut buffer, &change, position));
        buffer
    }

    #[test]
    fn a_record_is_length_json_and_check() {
        let bytes = encoded("user-1", Some(r#"{"b":1,"a":[1.0,"ü"]}"#));
        let payload = r#"{"seq":7,"op":"SET","key":"user-1","value":{"b":1,"a":[1.0,"ü"]},"ts":1732560000.25,"gen":1,"durable":6}"#;
        assert_eq!(bytes[..4], [0, 0, 0, u8::try_from(payload.len()).unwrap()]);
        assert_eq!(&bytes[4..bytes.len() - 4], payload.as_bytes());
        let payload = r#"{"seq":7,"op":"DELETE","key":"\"\n/","value":null,"ts":1732560000.25,"gen":1,"durable":6}"#;
        let bytes = encoded("\"\n/", None);
        assert_eq!(&bytes[4..bytes.len() - 4], payload.as_bytes());
        assert!(bytes[4..].starts_with(PAYLOAD_START));
    }

    #[test]
    fn what_was_written_is_read_with_its_size_whatever_follows() {
        for (key, value) in [("", "null"), ("a\u{0}\"ü", r#"{"x": 1e400 }"#)] {
            let mut bytes = encoded(key, Some(value));
            let size = bytes.len();
            bytes.extend_from_slice(b"rest");
            let (record, read) = decode(&bytes).unwrap();
            assert_eq!(read, size);
            assert_eq!(record.key, key);
            assert!(matches!(record.action, Action::Set(text) if text.get() == value));
            assert_eq!(
                (record.sequence, record.generation, record.durable),
                (7, 1, 6)
            );
        }
    }

    #[test]
    fn no_byte_can_be_changed_and_no_cut_be_read() {
        let bytes = encoded("key", Some("[1,2]"));
        for at in 0..bytes.len() {
            assert!(matches!(decode(&bytes[..at]), Err(NotARecord::Short)));
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let read = decode(&changed);
                assert!(matches!(read, Err(NotARecord::Broken | NotARecord::Short)));
            }
        }
        let mut swapped = bytes.clone();
        swapped.swap(30, 31);
        assert!(matches!(decode(&swapped), Err(NotARecord::Broken)));
    }

    #[test]
    fn lengths_of_nothing_and_of_too_much_are_refused() {
        assert!(matches!(decode(&[0; 64]), Err(NotARecord::Broken)));
        assert!(matches!(
            decode(&to_bytes((16 << 20) + 1)),
            Err(NotARecord::Broken)
        ));
        assert!(matches!(
            decode(&to_bytes(16 << 20)),
            Err(NotARecord::Short)
        ));
        let text = format!("\"{}\"", "x".repeat(PAYLOAD_LIMIT_BYTES));
        let value = serde_json::from_str(&text).unwrap();
        let change = Change {
            key: "k",
            action: Action::Set(value),
            time: UNIX_EPOCH,
        };
        let position = Position {
            sequence: 1,
            generation: 1,
            durable: 0,
        };
        let mut buffer = b"before".to_vec();
        assert!(!encode(&mut buffer, &change, position));
        assert_eq!(buffer, b"before");
    }

    #[test]
    fn a_payload_of_another_version_is_told_from_a_broken_one() {
        let payload = br#"{"seq":1,"op":"MERGE"}"#;
        let mut bytes = to_bytes(u32::try_from(payload.len()).unwrap()).to_vec();
        bytes.extend_from_slice(payload);
        let check = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&to_bytes(check));
        assert!(matches!(decode(&bytes), Err(NotARecord::Foreign(_))));
    }
}
