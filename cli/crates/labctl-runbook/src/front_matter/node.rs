//! A front matter's body as a tree, whatever language it is written in: every scalar as it is spelt, every key with
//! its place.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::Span;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where; for JSON the whole body.
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

/// Reads JSON. Its parser gives no places: a key's is that of the first such text in quotes.
pub(crate) fn json(source: &str, body: Span) -> Result<Node, Invalid> {
    let text = body.text(source);
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Ok(from_json(source, body, value)),
        Err(cause) => Err(Invalid::new(body.first_line(source), &cause.to_string())),
    }
}

fn from_json(source: &str, body: Span, value: Value) -> Node {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(_) | Value::Number(_) => Kind::Plain(value.to_string()),
        Value::String(text) => Kind::Text(text),
        Value::Array(items) => Kind::List(
            items
                .into_iter()
                .map(|item| from_json(source, body, item))
                .collect(),
        ),
        Value::Object(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(text, value)| {
                    let quoted = format!("\"{text}\"");
                    let place = body.text(source).find(&quoted).map(|at| {
                        let start = body.start() + at + 1;
                        Span::new(start, start + text.len())
                    });
                    let span = place.unwrap_or(body);
                    let value = from_json(source, Span::new(span.end(), body.end()), value);
                    (Key { text, span }, value)
                })
                .collect(),
        ),
    };
    let span = body.first_line(source);
    Node { span, kind }
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
