//! What a span can say.

use opentelemetry::{StringValue, Value};

/// Bytes kept of a text: what callers send must not fill the queue's memory.
const MAX_TEXT_BYTES: usize = 1024;

/// The value of an attribute; made only if there is a span for it.
pub trait Attribute {
    /// The value.
    fn into_value(self) -> Value;
}

impl Attribute for &str {
    fn into_value(self) -> Value {
        let end = self.floor_char_boundary(MAX_TEXT_BYTES);
        Value::String(StringValue::from(self[..end].to_owned()))
    }
}

impl Attribute for bool {
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl Attribute for f64 {
    fn into_value(self) -> Value {
        Value::F64(self)
    }
}

impl Attribute for i64 {
    fn into_value(self) -> Value {
        Value::I64(self)
    }
}

impl Attribute for u32 {
    fn into_value(self) -> Value {
        Value::I64(self.into())
    }
}

impl Attribute for u64 {
    fn into_value(self) -> Value {
        Value::I64(i64::try_from(self).unwrap_or(i64::MAX))
    }
}

impl Attribute for usize {
    fn into_value(self) -> Value {
        Value::I64(i64::try_from(self).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let text = format!("a{}", "é".repeat(MAX_TEXT_BYTES));
        let value = text.as_str().into_value().as_str().into_owned();
        assert_eq!(value.len(), MAX_TEXT_BYTES - 1);
        assert!(text.starts_with(&value));
    }
}
