//! A place in a line of the comment, with its place in the document.

use std::time::Duration;

use jsonpath_rust::parser::{errors::JsonPathError, parse_json_path};
use pest::error::InputLocation;
use serde_json::Value as Json;

use crate::{Diagnostic, Span};

type Parsed<T> = Result<T, Diagnostic>;

/// Reads a line from left to right.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    /// The line.
    line: &'t str,
    /// Where the line begins in the document.
    start: usize,
    /// How far it was read.
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(line: &'t str, start: usize) -> Self {
        Self { line, start, at: 0 }
    }

    /// What is left, without blanks before it.
    pub(super) fn rest(&mut self) -> &'t str {
        self.skip_blanks();
        &self.line[self.at..]
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = &self.line[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The place of the next `length` bytes.
    pub(super) fn span(&self, length: usize) -> Span {
        let from = self.start + self.at;
        Span::new(from, from + length)
    }

    /// The place from an earlier byte of the line up to here.
    pub(super) fn span_from(&self, from: usize) -> Span {
        Span::new(self.start + from, self.start + self.at)
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Everything read so far, trailing blanks cut.
    pub(super) fn text_so_far(&self) -> &'t str {
        self.line[..self.at].trim_end()
    }

    /// The next word, up to a blank; not consumed.
    pub(super) fn peek_word(&mut self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())]
    }

    /// The place of the next word.
    pub(super) fn word_span(&mut self) -> Span {
        let length = self.peek_word().len();
        self.span(length)
    }

    /// The next word, up to a blank.
    pub(super) fn word(&mut self) -> (&'t str, Span) {
        let word = self.peek_word();
        let span = self.span(word.len());
        self.at += word.len();
        (word, span)
    }

    /// The next name: letters, digits, `-` and `_`. If there is none, the next character or the next run of signs is
    /// what is in its place.
    pub(super) fn peek_name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest
            .find(|character: char| !is_name_character(character))
            .unwrap_or(rest.len());
        if end > 0 {
            &rest[..end]
        } else {
            self.peek_word()
        }
    }

    /// Consumes `text` if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    /// Consumes `word` if it is the next word.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        self.peek_word() == word && self.eat(word)
    }

    /// What stands in `[…]` right here, and its place; `None` if no `[` follows.
    pub(super) fn brackets(&mut self) -> Parsed<Option<(String, Span)>> {
        let rest = &self.line[self.at..];
        if !rest.starts_with('[') {
            return Ok(None);
        }
        if rest[1..].trim_start().starts_with('"') {
            let opening = self.span(1);
            self.at += 1;
            self.skip_blanks();
            let from = self.at;
            let Json::String(text) = self.json("a name")? else {
                return Err(Diagnostic::error("unclosed", opening, "not a name"));
            };
            let span = self.span_from(from);
            if !self.eat("]") {
                return Err(Diagnostic::error(
                    "unclosed",
                    opening,
                    "this `[` is never closed",
                ));
            }
            return Ok(Some((text, span)));
        }
        let Some(length) = rest.find(']') else {
            let message = "this `[` is never closed";
            return Err(Diagnostic::error("unclosed", self.span(1), message));
        };
        let inner = &rest[1..length];
        let span = Span::new(self.start + self.at + 1, self.start + self.at + length);
        self.at += length + 1;
        Ok(Some((inner.trim().to_owned(), span)))
    }

    /// A JSONPath: up to the first blank outside brackets and quotes.
    pub(super) fn path(&mut self) -> Parsed<String> {
        let rest = self.rest();
        let text = &rest[..path_length(rest)];
        if text.is_empty() {
            let message = "a path is missing here";
            return Err(Diagnostic::error("missing-word", self.span(0), message)
                .with_help("write `$` for the whole document, `$.name` for a member of it"));
        }
        if !text.starts_with('$') {
            let message = format!("a path begins with `$`, not `{text}`");
            return Err(
                Diagnostic::error("json-path", self.span(text.len()), message)
                    .with_help("write `$` for the whole document, `$.name` for a member of it"),
            );
        }
        if let Err(error) = parse_json_path(text) {
            return Err(self.wrong_path(text, &error));
        }
        self.at += text.len();
        Ok(text.to_owned())
    }

    fn wrong_path(&self, text: &str, error: &JsonPathError) -> Diagnostic {
        let offset = match error {
            JsonPathError::PestError(error) => match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => Some(at),
            },
            _ => None,
        };
        let offset = offset.filter(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let length = text[offset..].chars().next().map_or(0, char::len_utf8);
        let from = self.start + self.at + offset;
        Diagnostic::error(
            "json-path",
            Span::new(from, from + length),
            format!("`{text}` is not a JSONPath"),
        )
        .with_help("such as `$.name`, `$.items[0].id`, `$['odd key']`, `$.items[?@.price > 10]`")
    }

    /// A JSON literal; `what` names what belongs here if there is none.
    pub(super) fn json(&mut self, what: &str) -> Parsed<Json> {
        self.skip_blanks();
        let word = self.peek_word();
        let mut values = serde_json::Deserializer::from_str(&self.line[self.at..]).into_iter();
        let value = values.next();
        let end = self.at + values.byte_offset();
        let ends_well = self.line[end..]
            .chars()
            .next()
            .is_none_or(|next| next.is_whitespace() || next == ']');
        match value {
            Some(Ok(value)) if ends_well => {
                self.at = end;
                Ok(value)
            }
            _ if word.is_empty() => {
                let message = format!("{what} is missing here");
                Err(Diagnostic::error("missing-word", self.span(0), message))
            }
            _ if word.starts_with(['"', '[', '{']) => {
                let message = "not a JSON literal";
                let length = self.line[self.at..].len();
                Err(Diagnostic::error("bad-value", self.span(length), message)
                    .with_help("text in double quotes, `\\\"` for a quote and `\\\\` for a backslash in it"))
            }
            _ => {
                let text = word.trim_matches(['\'', '`']);
                let help = format!("quote it: `{}`", Json::from(text));
                let message = format!("`{word}` is no value");
                Err(Diagnostic::error("bad-value", self.span(word.len()), message).with_help(help))
            }
        }
    }

    /// A number; `what` names what belongs here if there is none.
    pub(super) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<T> {
        let (word, span) = self.word();
        word.parse().map_err(|_| {
            let message = if word.is_empty() {
                format!("{what} is missing here")
            } else {
                format!("`{word}` is not {what}")
            };
            Diagnostic::error("bad-value", span, message)
        })
    }

    /// A duration such as `250ms`.
    pub(super) fn duration(&mut self) -> Parsed<(Duration, Span)> {
        let (word, span) = self.word();
        match humantime::parse_duration(word) {
            Ok(duration) if word != "0" => Ok((duration, span)),
            _ => {
                let message = if word.is_empty() {
                    "a duration is missing here".to_owned()
                } else {
                    format!("`{word}` is not a duration")
                };
                Err(Diagnostic::error("bad-duration", span, message)
                    .with_help("a number and its unit: `250ms`, `5s`, `2m`"))
            }
        }
    }

    /// `/re/`: the text between the slashes, `\/` turned into `/`, and its place.
    pub(super) fn regex(&mut self) -> Parsed<(String, Span)> {
        let rest = self.rest();
        if !rest.starts_with('/') {
            let word = self.peek_word();
            let message = "a regular expression between slashes is missing here";
            return Err(
                Diagnostic::error("bad-regex", self.span(word.len()), message)
                    .with_help("such as `/^ready in [0-9]+ ms$/`"),
            );
        }
        let mut pattern = String::new();
        let mut characters = rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '/' => {
                    let span = Span::new(self.start + self.at + 1, self.start + self.at + at);
                    self.at += at + 1;
                    return Ok((pattern, span));
                }
                '\\' => match characters.next() {
                    Some((_, '/')) => pattern.push('/'),
                    Some((_, other)) => pattern.extend(['\\', other]),
                    None => break,
                },
                other => pattern.push(other),
            }
        }
        let message = "this `/` is never closed";
        Err(Diagnostic::error("unclosed", self.span(1), message)
            .with_help("a `/` inside is written `\\/`"))
    }

    /// The text after `#`, and nothing else, may follow.
    pub(super) fn end(&mut self) -> Parsed<Option<String>> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let word = self.peek_word();
        let begins_late = self.at > 0 && !self.line[..self.at].ends_with(char::is_whitespace);
        match rest.strip_prefix('#') {
            Some(why) if !begins_late => Ok(Some(why.trim().to_owned())),
            _ => {
                let message = format!("nothing more belongs here, but there is `{word}`");
                Err(
                    Diagnostic::error("trailing-text", self.span(rest.len()), message)
                        .with_help("one claim or directive a line; a reason goes after ` # `"),
                )
            }
        }
    }
}

fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_')
}

/// Where a JSONPath ends: at the first blank outside brackets and quotes.
fn path_length(text: &str) -> usize {
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) => {
                if character == open {
                    quote = None;
                }
            }
            (None, '"' | '\'') if depth > 0 => quote = Some(character),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 && character.is_whitespace() => return at,
            (None, _) => {}
        }
    }
    text.len()
}
