//! A front matter's body as a tree, whatever language it is written in: every scalar as it is spelt, every key with
//! its place.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::Span;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where; for JSON only about where.
    pub(crate) span: Span,
    /// What.
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Nothing.
    Null,
    /// Text in quotes.
    Text(String),
    /// A number, a boolean, or YAML text without quotes.
    Plain(String),
    /// Several values.
    List(Vec<Node>),
    /// Values by key.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The key.
    pub(crate) text: String,
    /// Where.
    pub(crate) span: Span,
}

/// Why a body is not valid in a language, and where.
#[derive(Debug)]
pub(crate) struct Invalid {
    /// What the language's parser says, in one line.
    pub(crate) message: String,
    /// Where it gave up.
    pub(crate) span: Span,
}

impl Invalid {
    pub(crate) fn new(span: Span, message: &str) -> Self {
        Self {
            message: message.split_whitespace().collect::<Vec<_>>().join(" "),
            span,
        }
    }
}

/// Reads JSON. Its parser gives no places, so keys are looked for in the text.
pub(crate) fn json(source: &str, body: Span) -> Result<Node, Invalid> {
    match serde_json::from_str::<Value>(body.text(source)) {
        Ok(value) => {
            let mut places = KeyPlaces {
                source,
                body,
                next: Some(body.start()),
            };
            Ok(places.node(value))
        }
        Err(cause) => Err(Invalid::new(body.first_line(source), &cause.to_string())),
    }
}

/// Finds keys in the order they are written.
struct KeyPlaces<'s> {
    source: &'s str,
    body: Span,
    /// Where to look next; `None` once a key was not found (it is written with escapes, or twice).
    next: Option<usize>,
}

impl KeyPlaces<'_> {
    fn node(&mut self, value: Value) -> Node {
        let span = self.value();
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(_) | Value::Number(_) => Kind::Plain(value.to_string()),
            Value::String(text) => Kind::Text(text),
            Value::Array(items) => {
                Kind::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            Value::Object(entries) => {
                let pairs = entries.into_iter().map(|(text, value)| {
                    let span = self.key(&text);
                    (Key { text, span }, self.node(value))
                });
                Kind::Map(pairs.collect())
            }
        };
        Node { span, kind }
    }

    /// The key's place; if it is not found, the body's first line.
    fn key(&mut self, key: &str) -> Span {
        let quoted = format!("\"{key}\"");
        self.next = self.next.and_then(|from| {
            let text = &self.source[from..self.body.end()];
            text.match_indices(&quoted)
                .map(|(at, _)| from + at + quoted.len())
                .find(|end| {
                    let after = &self.source[*end..self.body.end()];
                    after.trim_start().starts_with(':')
                })
        });
        match self.next {
            Some(end) => Span::new(end - 1 - key.len(), end - 1),
            None => self.start(self.body.start()),
        }
    }

    /// The place of the value after the key found last.
    fn value(&self) -> Span {
        let from = self.next.unwrap_or(self.body.start());
        let rest = self.start(from);
        let text = rest.text(self.source);
        let value = text.trim_start_matches([':', ' ']);
        let length = value.find([',', '}']).unwrap_or(value.len());
        let start = rest.end() - value.len();
        Span::new(start, start + length).trimmed_end(self.source)
    }

    /// What begins there, short and on one line: a body may be one long line, and has a place for each of its values.
    fn start(&self, from: usize) -> Span {
        let limit = self
            .source
            .floor_char_boundary((from + 64).min(self.body.end()));
        Span::new(from, limit).first_line(self.source)
    }
}

/// Reads TOML.
pub(crate) fn toml(source: &str, body: Span) -> Result<Node, Invalid> {
    match DeTable::parse(body.text(source)) {
        Ok(table) => {
            let span = at(source, body, &table.span());
            let kind = from_table(source, body, table.into_inner());
            Ok(Node { span, kind })
        }
        Err(cause) => {
            let range = cause.span().unwrap_or_default();
            Err(Invalid::new(at(source, body, &range), cause.message()))
        }
    }
}

fn from_table(source: &str, body: Span, table: DeTable<'_>) -> Kind {
    let entries = table.into_iter().map(|(key, value)| {
        let key = Key {
            span: at(source, body, &key.span()),
            text: key.into_inner().into_owned(),
        };
        let span = at(source, body, &value.span());
        let kind = from_toml(source, body, value.into_inner());
        (key, Node { span, kind })
    });
    Kind::Map(entries.collect())
}

fn from_toml(source: &str, body: Span, value: DeValue<'_>) -> Kind {
    match value {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Integer(number) => Kind::Plain(number.to_string()),
        DeValue::Float(number) => Kind::Plain(number.to_string()),
        DeValue::Boolean(boolean) => Kind::Plain(boolean.to_string()),
        DeValue::Datetime(time) => Kind::Plain(time.to_string()),
        DeValue::Array(items) => Kind::List(
            items
                .into_iter()
                .map(|item| Node {
                    span: at(source, body, &item.span()),
                    kind: from_toml(source, body, item.into_inner()),
                })
                .collect(),
        ),
        DeValue::Table(table) => from_table(source, body, table),
    }
}

/// A range within the body as a place in the document, moved to character boundaries.
pub(crate) fn at(source: &str, body: Span, range: &std::ops::Range<usize>) -> Span {
    let boundary = |offset: usize| {
        let offset = (body.start() + offset).min(body.end());
        source.floor_char_boundary(offset)
    };
    Span::new(boundary(range.start), boundary(range.end))
}
