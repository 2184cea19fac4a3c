//! What a state holds.

use std::sync::Arc;

use imbl::{HashMap, Vector};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// Keys and values in the order of their first write, and the last write.
///
/// Persistent: a clone takes the same time whatever the size, and shares what neither side changes afterwards. So the
/// states on their way to the replicas are no copies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    pub(crate) data: Data,
    pub(crate) last_write: Option<LastWrite>,
}

/// The write that made a state.
#[derive(Debug, Clone)]
pub(crate) struct LastWrite {
    /// Eight hexadecimal digits, random.
    pub(crate) id: Option<Arc<str>>,
    pub(crate) timestamp: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    entries: Vector<(Arc<str>, Arc<Value>)>,
    positions: HashMap<Arc<str>, usize>,
}

impl Contents {
    pub(crate) fn timestamp(&self) -> Option<f64> {
        self.last_write.as_ref().map(|write| write.timestamp.0)
    }

    pub(crate) fn age_ms(&self) -> Option<f64> {
        self.last_write
            .as_ref()
            .map(|write| write.timestamp.age_ms())
    }

    pub(crate) fn write_id(&self) -> Option<Arc<str>> {
        self.last_write.as_ref().and_then(|write| write.id.clone())
    }
}

impl Data {
    /// Gives `key` this value; a key that is there keeps its place.
    pub(crate) fn set(&mut self, key: Arc<str>, value: Value) {
        let entry = (Arc::clone(&key), Arc::new(value));
        if let Some(position) = self.positions.get(&key) {
            self.entries.set(*position, entry);
        } else {
            self.positions.insert(key, self.entries.len());
            self.entries.push_back(entry);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.positions.contains_key(key)
    }
}

impl From<Map<String, Value>> for Data {
    fn from(map: Map<String, Value>) -> Self {
        let mut data = Self::default();
        for (key, value) in map {
            data.set(key.into(), value);
        }
        data
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (key, value) in &self.entries {
            map.serialize_entry(key.as_ref(), value.as_ref())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_that_is_updated_keeps_its_place() {
        let mut data = Data::default();
        for (key, value) in [("b", 1), ("a", 2), ("b", 3)] {
            data.set(key.into(), json!({ "z": value, "y": 0 }));
        }
        let text = serde_json::to_string(&data).unwrap();
        assert_eq!(text, r#"{"b":{"z":3,"y":0},"a":{"z":2,"y":0}}"#);
    }
}
