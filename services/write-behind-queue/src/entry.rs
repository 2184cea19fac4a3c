//! What is in the queue, and what becomes of an entry that cannot be written.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One product, as it is cached.
///
/// ```json
/// {"id": "seed-001", "name": "Widget A", "price": 19.99, "quantity": 100,
///  "created_at": "2024-05-01T12:00:00.123456+00:00", "updated_at": "2024-05-01T12:00:00.123456+00:00"}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// At most 36 characters.
    pub id: String,
    /// 1 to 255 characters.
    pub name: String,
    /// Two decimals.
    pub price: f64,
    /// From 0.
    pub quantity: i32,
    /// UTC; never changes.
    pub created_at: String,
    /// UTC, of the last write.
    pub updated_at: String,
}

/// What an entry does to its row. It carries the whole row, so doing it again changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// The row is new.
    Insert(Product),
    /// The row gets these values.
    Update(Product),
    /// The row goes.
    Delete(String),
}

/// An entry of the queue.
///
/// ```json
/// {"id": "seed-001", "operation": "update", "data": {"id": "seed-001", …},
///  "timestamp": 1714564800.123456, "coalesced_count": 1}
/// ```
/// The order of the fields is part of the format; the count is the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What to do.
    pub operation: Operation,
    /// When it was acknowledged, in Unix seconds.
    pub timestamp: f64,
    /// Updates that this one stands for, from 1.
    pub coalesced_count: u64,
}

/// A text in the queue that is no entry.
#[derive(Debug, thiserror::Error)]
#[error("not an entry of the queue")]
pub struct Malformed(#[source] Option<serde_json::Error>);

/// An entry that was given up, with the reason.
///
/// ```json
/// {"id": …, "operation": …, "data": …, "timestamp": …, "coalesced_count": …,
///  "error": "…", "failed_at": "2024-05-01T12:00:00.123456+00:00"}
/// ```
/// Of a text that is no entry: `{"raw": "…", "error": "…", "failed_at": "…"}`.
#[derive(Debug)]
pub struct DeadLetter<'e> {
    /// As it stood in the queue.
    pub text: &'e [u8],
    /// Why it was given up.
    pub error: String,
    /// When, see [`crate::utc`].
    pub failed_at: String,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    id: String,
    operation: String,
    data: Value,
    timestamp: f64,
    coalesced_count: u64,
}

impl Operation {
    /// The id of its product.
    pub fn id(&self) -> &str {
        match self {
            Self::Insert(product) | Self::Update(product) => &product.id,
            Self::Delete(id) => id,
        }
    }

    /// `insert`, `update` or `delete`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Insert(_) => "insert",
            Self::Update(_) => "update",
            Self::Delete(_) => "delete",
        }
    }
}

impl Entry {
    /// Its text in the queue.
    ///
    /// # Errors
    /// A price that JSON has no number for.
    pub fn encode(&self) -> serde_json::Result<String> {
        let data = match &self.operation {
            Operation::Insert(product) | Operation::Update(product) => {
                serde_json::to_value(product)?
            }
            Operation::Delete(id) => json!({ "id": id }),
        };
        serde_json::to_string(&Wire {
            id: self.operation.id().to_owned(),
            operation: self.operation.name().to_owned(),
            data,
            timestamp: self.timestamp,
            coalesced_count: self.coalesced_count,
        })
    }

    /// Reads a text of the queue.
    ///
    /// # Errors
    /// It is no whole entry.
    pub fn decode(text: &[u8]) -> Result<Self, Malformed> {
        let wire: Wire = serde_json::from_slice(text).map_err(|error| Malformed(Some(error)))?;
        let product = |data| serde_json::from_value(data).map_err(|error| Malformed(Some(error)));
        let operation = match wire.operation.as_str() {
            "insert" => Operation::Insert(product(wire.data)?),
            "update" => Operation::Update(product(wire.data)?),
            "delete" => Operation::Delete(wire.id.clone()),
            _ => return Err(Malformed(None)),
        };
        if operation.id() != wire.id || wire.coalesced_count == 0 {
            return Err(Malformed(None));
        }
        Ok(Self {
            operation,
            timestamp: wire.timestamp,
            coalesced_count: wire.coalesced_count,
        })
    }
}

impl DeadLetter<'_> {
    /// Its text among the dead letters.
    pub fn encode(&self) -> String {
        let mut fields = match serde_json::from_slice(self.text) {
            Ok(Value::Object(fields)) if Entry::decode(self.text).is_ok() => fields,
            _ => {
                let raw = String::from_utf8_lossy(self.text).into_owned();
                serde_json::Map::from_iter([("raw".to_owned(), raw.into())])
            }
        };
        fields.insert("error".to_owned(), self.error.as_str().into());
        fields.insert("failed_at".to_owned(), self.failed_at.as_str().into());
        Value::Object(fields).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATE: &str = r#"{"id":"a","operation":"update","data":{"id":"a","name":"n","price":0.5,"quantity":0,"created_at":"c","updated_at":"u"},"timestamp":1.25,"coalesced_count":3}"#;
    const DELETE: &str =
        r#"{"id":"a","operation":"delete","data":{"id":"a"},"timestamp":1.5,"coalesced_count":1}"#;

    #[test]
    fn entries_come_back_letter_by_letter() {
        for text in [UPDATE, &UPDATE.replace("update\"", "insert\""), DELETE] {
            let entry = Entry::decode(text.as_bytes()).unwrap();
            assert_eq!(entry.encode().unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_whole_entry_is_refused() {
        for wrong in [
            "",
            "null",
            "{}",
            &UPDATE[1..],
            &UPDATE.replace("update\"", "upsert\""),
            &UPDATE.replace(r#""id":"a","name""#, r#""id":"b","name""#),
            &UPDATE.replace(r#""quantity":0,"#, ""),
            &UPDATE.replace(":3}", ":0}"),
        ] {
            assert!(Entry::decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(Entry::decode(b"\xff").is_err());
    }

    #[test]
    fn a_dead_letter_keeps_the_entry_or_else_its_text() {
        let letter = |text| DeadLetter {
            text,
            error: "e".to_owned(),
            failed_at: "f".to_owned(),
        };
        let end = r#","error":"e","failed_at":"f"}"#;
        let whole = format!("{}{end}", &DELETE[..DELETE.len() - 1]);
        assert_eq!(letter(DELETE.as_bytes()).encode(), whole);
        let raw = letter(b"not json\xff").encode();
        assert_eq!(raw, format!(r#"{{"raw":"not json{}"{end}"#, '\u{fffd}'));
    }
}
