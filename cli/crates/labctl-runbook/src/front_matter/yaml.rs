//! Reads YAML into a tree that keeps places and spelling: `1.10` stays `1.10`.

use std::collections::{HashMap, HashSet};

use serde::de::IgnoredAny;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use super::node::{Invalid, Key, Kind, Node, at};
use crate::Span;

/// More values than this, aliases spelt out, are no front matter.
const MAX_NODES: usize = 10_000;
/// Deeper nesting is none either.
const MAX_DEPTH: usize = 32;

/// Reads YAML.
pub(crate) fn yaml(source: &str, body: Span) -> Result<Node, Invalid> {
    let text = body.text(source);
    check(source, body)?;
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|cause| Invalid::new(body, &cause.to_string()))?;
        let place = at(source, body, &span.byte_range().unwrap_or_default());
        tree.event(event, place)?;
    }
    Ok(tree.root.unwrap_or(Node {
        span: body,
        kind: Kind::Null,
    }))
}

/// Lets the YAML library judge the text, within limits: its messages are the ones a user can look up.
fn check(source: &str, body: Span) -> Result<(), Invalid> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
        },
        with_snippet: false,
    };
    let text = body.text(source);
    if text.trim().is_empty() {
        return Ok(());
    }
    match serde_saphyr::from_str_with_options::<IgnoredAny>(text, options) {
        Ok(_) => Ok(()),
        Err(cause) => {
            let offset = cause
                .location()
                .and_then(|location| location.span().byte_offset())
                .and_then(|offset| usize::try_from(offset).ok())
                .unwrap_or_default();
            let place = at(source, body, &(offset..offset));
            let line = Span::new(place.start(), body.end()).first_line(source);
            Err(Invalid::new(line, &cause.to_string()))
        }
    }
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

/// A list or mapping being read.
struct Open {
    anchor: usize,
    span: Span,
    items: Vec<Node>,
    is_map: bool,
}

impl Tree {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Invalid> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let text = text.into_owned();
                let kind = match (style, text.as_str()) {
                    (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Kind::Null,
                    (ScalarStyle::Plain, _) => Kind::Plain(text),
                    _ => Kind::Text(text),
                };
                self.add(Node { span, kind }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(anchor, span, false),
            Event::MappingStart(_, anchor, _) => self.open(anchor, span, true),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node =
                    node.ok_or_else(|| Invalid::new(span, "an alias within its own anchor"))?;
                self.add(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, span: Span, is_map: bool) -> Result<(), Invalid> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Invalid::new(span, "nested too deeply"));
        }
        self.open.push(Open {
            anchor,
            span,
            items: Vec::new(),
            is_map,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Invalid> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = if open.is_map {
            Kind::Map(pairs(open.items)?)
        } else {
            Kind::List(open.items)
        };
        let node = Node {
            span: open.span,
            kind,
        };
        self.add(node, open.anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Invalid> {
        self.nodes += size(&node);
        if self.nodes > MAX_NODES {
            return Err(Invalid::new(node.span, "too many values"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => {
                self.root.get_or_insert(node);
            }
        }
        Ok(())
    }
}

/// Keys and values in turn become pairs; a key that is no scalar is left out, with its value.
fn pairs(items: Vec<Node>) -> Result<Vec<(Key, Node)>, Invalid> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut seen = HashSet::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        let (Kind::Text(text) | Kind::Plain(text)) = key.kind else {
            continue;
        };
        if !seen.insert(text.clone()) {
            let message = format!("the key `{text}` is there twice");
            return Err(Invalid::new(key.span, &message));
        }
        let span = key.span;
        pairs.push((Key { text, span }, value));
    }
    Ok(pairs)
}

fn size(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Null | Kind::Text(_) | Kind::Plain(_) => 0,
        Kind::List(items) => items.iter().map(size).sum(),
        Kind::Map(pairs) => pairs.iter().map(|(_, value)| 1 + size(value)).sum(),
    }
}
