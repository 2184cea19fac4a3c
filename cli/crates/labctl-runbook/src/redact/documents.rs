//! The JSON documents in a text, with the place of every value.

use std::{collections::HashMap, ops::Range};

use serde_json::Value;

/// A JSON document in a text.
pub(crate) struct Document {
    pub(crate) value: Value,
    /// Its first byte in the text.
    start: usize,
}

impl Document {
    /// The bytes of each of its values in the text, by the value's address in `self.value`.
    pub(super) fn places(&self, text: &str) -> HashMap<*const Value, Range<usize>> {
        let mut walk = Walk {
            text,
            position: self.start,
        };
        let mut places = HashMap::new();
        note(&self.value, &walk.node(), &mut places);
        places
    }
}

/// An object or array that begins a line, or a scalar alone on its line.
pub(crate) fn documents(text: &str) -> Vec<Document> {
    let mut found = Vec::new();
    let mut position = 0;
    while position < text.len() {
        let line_end = text[position..]
            .find('\n')
            .map_or(text.len(), |at| position + at);
        let line = &text[position..line_end];
        let start = position + (line.len() - line.trim_start().len());
        let mut next = line_end + 1;
        if text[start..].starts_with(['{', '[']) {
            let mut values =
                serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
            if let Some(Ok(value)) = values.next() {
                let end = start + values.byte_offset();
                next = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
                found.push(Document { value, start });
            }
        } else if let Ok(value) = serde_json::from_str(line.trim()) {
            found.push(Document { value, start });
        }
        position = next;
    }
    found
}

/// A value's bytes, and those of the values in it.
struct Node {
    range: Range<usize>,
    items: Vec<Self>,
    members: HashMap<String, Self>,
}

/// Notes the places of a value and of all in it; text and value are known to be the same document.
fn note(value: &Value, node: &Node, places: &mut HashMap<*const Value, Range<usize>>) {
    places.insert(std::ptr::from_ref(value), node.range.clone());
    match value {
        Value::Array(items) => {
            for (item, node) in items.iter().zip(&node.items) {
                note(item, node, places);
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                if let Some(node) = node.members.get(key) {
                    note(value, node, places);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Goes through the text of a valid document.
struct Walk<'t> {
    text: &'t str,
    position: usize,
}

impl Walk<'_> {
    fn peek(&self) -> u8 {
        self.text
            .as_bytes()
            .get(self.position)
            .copied()
            .unwrap_or_default()
    }

    /// Passes over blanks, then over the character if it is there, then over blanks again.
    fn skip(&mut self, character: u8) {
        self.blanks();
        if self.peek() == character {
            self.position += 1;
            self.blanks();
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.position += 1;
        }
    }

    fn node(&mut self) -> Node {
        let start = self.position;
        let mut items = Vec::new();
        let mut members = HashMap::new();
        match self.peek() {
            b'[' => {
                self.skip(b'[');
                while !matches!(self.peek(), b']' | 0) {
                    items.push(self.node());
                    self.skip(b',');
                }
                self.position += 1;
            }
            b'{' => {
                self.skip(b'{');
                while self.peek() == b'"' {
                    let key = self.key();
                    self.skip(b':');
                    // Of a key that comes twice the last value counts, as in the document read.
                    members.insert(key, self.node());
                    self.skip(b',');
                }
                self.position += 1;
            }
            b'"' => self.string(),
            _ => self.scalar(),
        }
        Node {
            range: start..self.position,
            items,
            members,
        }
    }

    fn key(&mut self) -> String {
        let start = self.position;
        self.string();
        serde_json::from_str(&self.text[start..self.position]).unwrap_or_default()
    }

    fn string(&mut self) {
        self.position += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.position += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.position = (self.position + 1).min(self.text.len());
    }

    fn scalar(&mut self) {
        while matches!(self.peek(), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') {
            self.position += 1;
        }
    }
}
