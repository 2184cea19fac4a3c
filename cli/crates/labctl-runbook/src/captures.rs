//! Values kept from observations for later claims.

use indexmap::IndexMap;
use serde_json::Value;

/// Captured values by name; the latest capture of a name counts.
#[derive(Debug, Clone, Default)]
pub struct Captures {
    values: IndexMap<String, Value>,
}

impl Captures {
    /// Keeps `value` under `name`.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        self.values.insert(name.into(), value);
    }

    /// The value kept under `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }
}
