//! The JSON documents in a text, with the place of every value.

use std::{collections::HashMap, ops::Range};

use serde_json::Value;

use super::skim::{Defect, end_of_value};

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

/// A document that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// What is wrong with it, as in "the JSON …".
    pub(crate) how: &'static str,
}

/// Every document in the text, in order: an object or array that begins a line, blanks before it or not, or stands right
/// behind another one; or a scalar alone on its line.
///
/// What the end of the text cuts short is a document too, one that cannot be read: else what stands inside it could be
/// taken for the answer. What turns out not to be JSON is text up to the line that shows it. A line is read at most three
/// times, whatever it holds.
pub(crate) fn documents(text: &str) -> Vec<Result<Document, Broken>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let content = &text[at..line_end(text, at)];
        let start = at + (content.len() - content.trim_start().len());
        let next = if text[start..].starts_with(['{', '[']) {
            containers(text, start, line, &mut found)
        } else {
            if let Ok(value) = serde_json::from_str(content.trim()) {
                found.push(Ok(Document { value, start }));
            }
            line_end(text, at)
        };
        line += text[at..next].bytes().filter(|byte| *byte == b'\n').count();
        at = next;
    }
    found
}

/// The JSON values in a block's output: those that claims of it would find, without what is broken.
pub fn json_values(text: &str) -> Vec<Value> {
    let found = documents(text).into_iter().flatten();
    found.map(|document| document.value).collect()
}

/// Reads the objects and arrays from `start` on; gives the beginning of the line to go on with.
fn containers(
    text: &str,
    start: usize,
    line: usize,
    found: &mut Vec<Result<Document, Broken>>,
) -> usize {
    let mut at = start;
    loop {
        let broken = |how| {
            let line = line + text[start..at].matches('\n').count();
            Err(Broken { line, how })
        };
        let end = match end_of_value(text, at) {
            Ok(end) => end,
            Err(Defect::NotJson(place)) => {
                // The line that broke it may begin with a document of its own.
                let line_start = text[..place].rfind('\n').map_or(0, |newline| newline + 1);
                return if line_start > at {
                    line_start
                } else {
                    line_end(text, place)
                };
            }
            Err(Defect::CutShort) => {
                found.push(broken("ends in the middle"));
                return text.len();
            }
            Err(Defect::TooDeep) => {
                found.push(broken("nests too deep"));
                return text.len();
            }
        };
        found.push(match serde_json::from_str(&text[at..end]) {
            Ok(value) => Ok(Document { value, start: at }),
            Err(_) => broken("has a number or character that cannot be read"),
        });
        let rest = text[end..].trim_start_matches([' ', '\t', ',']);
        if !rest.starts_with(['{', '[']) {
            return line_end(text, end);
        }
        at = text.len() - rest.len();
    }
}

/// One past the newline of the line that holds byte `at`.
fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let shown: Vec<String> = documents(text)
            .into_iter()
            .map(|document| match document {
                Ok(document) => document.value.to_string(),
                Err(broken) => format!("line {} {}", broken.line, broken.how),
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn documents_are_found_between_other_text() {
        check("", &[]);
        check("hello\n", &[]);
        check(
            "=== one ===\n{\n  \"a\": [\n    1\n  ]\n}\nbye\n[2]\n",
            &["{\"a\":[1]}", "[2]"],
        );
        check(
            "5\nfive\n\"x\"\ntrue\n null \r\n5 s\n",
            &["5", "\"x\"", "true", "null"],
        );
        check("x {\"a\":1}\n  {\"a\":1} took 3 ms\n", &["{\"a\":1}"]);
        check(
            "{\"a\":1}{\"a\":2}, [3]\n",
            &["{\"a\":1}", "{\"a\":2}", "[3]"],
        );
    }

    #[test]
    fn text_that_looks_like_json_is_text() {
        check("[INFO] ready\n{\"a\":1}\n", &["{\"a\":1}"]);
        check("{\n  echo hi\n}\n{\"a\":1}\n", &["{\"a\":1}"]);
        check("[\nhello\n{\"a\":1}\n", &["{\"a\":1}"]);
        check("{\"a\":1, oops}\n", &[]);
        check("{\n{\"a\":1}\n", &["{\"a\":1}"]);
    }

    #[test]
    fn the_inside_of_a_document_cut_short_is_no_document() {
        check("[\n{\"a\":1},\n{\"a\":", &["line 1 ends in the middle"]);
        check(
            "{\n  \"x\": [\n    {\"a\": 1}\n  ],\n  \"y\": 1.",
            &["line 1 ends in the middle"],
        );
        check(
            "ok\n{\"a\":1}\n{\"a\":",
            &["{\"a\":1}", "line 3 ends in the middle"],
        );
        check(&"[\n".repeat(200), &["line 1 nests too deep"]);
        check(
            "{\"a\":1e400}\n{\"a\":1}\n",
            &[
                "line 1 has a number or character that cannot be read",
                "{\"a\":1}",
            ],
        );
    }

    #[test]
    fn openers_without_an_end_are_read_once() {
        // Read from each line to the end, any of these would take minutes.
        let many = |line: &str| line.repeat((1 << 18) / line.len());
        for line in [
            "[\n",
            "{\n",
            "[1,\n",
            "{\"a\":\n",
            "[x\n",
            "[]\n",
            "[[],\n",
            "\"\n",
            "[\"\n",
            "[0\n,[\n",
            "{}",
        ] {
            let _ = documents(&many(line));
        }
        let _ = documents(&format!("{}{}", "[\n".repeat(120), many("1,\n")));
    }
}
