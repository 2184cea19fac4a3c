//! What the front matter says, key by key; whatever is wrong with it, all at once.

use super::{
    extent::{BREAK_HELP, Extent, Form, PREFIX, divide},
    node::{self, Invalid, Key, Kind, Node},
    settings::FrontMatter,
    yaml::yaml,
};
use crate::{Diagnostic, Span};

/// A document's front matter.
#[derive(Debug)]
pub(crate) struct Reading {
    /// What it says.
    pub(crate) front_matter: FrontMatter,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Where the content begins.
    pub(crate) content: usize,
}

/// Reads a document's front matter.
pub(crate) fn read(source: &str) -> Reading {
    let Extent {
        body,
        content,
        problem,
    } = divide(source);
    let mut reader = Reader {
        diagnostics: Vec::from_iter(problem),
    };
    let mut front_matter = FrontMatter::default();
    if let Some((form, body)) = body {
        match parse(source, form, body) {
            Ok((Kind::Map(pairs), spelling)) => front_matter = reader.document(&pairs, spelling),
            Ok(_) => {}
            Err(invalid) => {
                let message = format!("{PREFIX} {}", invalid.message);
                let error = Diagnostic::error(CODE, invalid.span, message);
                reader.diagnostics.push(if form == Form::Dashes {
                    error.with_help(BREAK_HELP)
                } else {
                    error
                });
            }
        }
    }
    Reading {
        front_matter,
        diagnostics: reader.diagnostics,
        content,
    }
}

pub(super) const CODE: &str = "front-matter";

/// Whether letter case matters in Runme's keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Exact,
    AnyCase,
}

/// Tries YAML, JSON, TOML in turn. What is reported is what the form's own language says.
fn parse(source: &str, form: Form, body: Span) -> Result<(Kind, Spelling), Invalid> {
    if form == Form::Json {
        let node = node::json(source, body)?;
        return Ok((node.kind, Spelling::AnyCase));
    }
    let yaml_cause = match yaml(source, body) {
        Ok(Node {
            kind: kind @ (Kind::Map(_) | Kind::Null),
            ..
        }) => return Ok((kind, Spelling::Exact)),
        Ok(other) => Invalid::new(other.span, "expected keys and values, found something else"),
        Err(cause) => cause,
    };
    if let Ok(Node {
        kind: kind @ Kind::Map(_),
        ..
    }) = node::json(source, body)
    {
        return Ok((kind, Spelling::AnyCase));
    }
    match node::toml(source, body) {
        Ok(node) => Ok((node.kind, Spelling::AnyCase)),
        Err(toml_cause) if form == Form::Pluses => Err(toml_cause),
        Err(_) => Err(yaml_cause),
    }
}

pub(super) struct Reader {
    pub(super) diagnostics: Vec<Diagnostic>,
}

type Pairs = [(Key, Node)];

impl Reader {
    fn document(&mut self, pairs: &Pairs, spelling: Spelling) -> FrontMatter {
        let find = |key: &str| find(pairs, key, spelling);
        let mut front_matter = FrontMatter {
            shell: self.runme_text("shell", find("shell")),
            cwd: self.runme_text("cwd", find("cwd")),
            ..FrontMatter::default()
        };
        for key in ["category", "tag"] {
            let tag = self.runme_text(key, find(key));
            front_matter.tags.extend(tag);
        }
        if let Some(node) = find("skipPrompts") {
            match boolean(node) {
                Some(value) => front_matter.skip_prompts = value,
                None if matches!(node.kind, Kind::Null) => {}
                None => self.runme_error(node, "skipPrompts", "true or false"),
            }
        }
        let session = find("runme")
            .and_then(|node| map(node))
            .and_then(|runme| self::find(runme, "session", spelling))
            .and_then(|node| map(node))
            .and_then(|session| self::find(session, "id", spelling));
        front_matter.is_session_record =
            session.is_some_and(|id| text(id).is_some_and(|id| !id.is_empty()));
        if let Some(node) = self::find(pairs, "labctl", Spelling::Exact) {
            front_matter.labctl = self.defaults(node);
        }
        front_matter
    }

    /// A text of Runme's; an empty one counts as absent.
    fn runme_text(&mut self, key: &str, node: Option<&Node>) -> Option<String> {
        let node = node?;
        if matches!(node.kind, Kind::Null) {
            return None;
        }
        let Some(text) = text(node) else {
            self.runme_error(node, key, "text");
            return None;
        };
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    fn runme_error(&mut self, node: &Node, key: &str, wanted: &str) {
        let message = format!("{PREFIX} `{key}` must be {wanted}");
        self.diagnostics
            .push(Diagnostic::error(CODE, node.span, message));
    }
}

fn find<'n>(pairs: &'n Pairs, key: &str, spelling: Spelling) -> Option<&'n Node> {
    let exact = pairs.iter().find(|(candidate, _)| candidate.text == key);
    let matching = exact.or_else(|| {
        pairs.iter().find(|(candidate, _)| {
            spelling == Spelling::AnyCase && candidate.text.eq_ignore_ascii_case(key)
        })
    });
    matching.map(|(_, node)| node)
}

pub(super) fn map(node: &Node) -> Option<&Pairs> {
    match &node.kind {
        Kind::Map(pairs) => Some(pairs),
        _ => None,
    }
}

pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) | Kind::Plain(text) => Some(text),
        _ => None,
    }
}

/// What Runme's YAML reader takes for a boolean.
pub(super) fn boolean(node: &Node) -> Option<bool> {
    let Kind::Plain(text) = &node.kind else {
        return None;
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}
