//! A URL with captured values in it: `http://localhost:8000/orders/${id}`.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use super::cursor::Cursor;
use crate::{Captures, Diagnostic, Span};

type Parsed<T> = Result<T, Diagnostic>;

/// What a value keeps as it is: one value stays one piece of a path or query.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A URL over http or https that may have `${name}` in it.
#[derive(Debug, Clone)]
pub struct UrlTemplate {
    /// As it is written.
    text: String,
    pieces: Vec<Piece>,
}

/// As it is written.
impl fmt::Display for UrlTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The same URL, wherever it is written.
impl PartialEq for UrlTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for UrlTemplate {}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Capture(String, Span),
}

impl UrlTemplate {
    /// The URL, each captured value percent-encoded in its place.
    ///
    /// # Errors
    /// A value was not captured, or is no text, number or boolean.
    pub fn fill(&self, captures: &Captures) -> Result<String, String> {
        let mut url = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => url.push_str(text),
                Piece::Capture(name, _) => {
                    let text = match captures.get(name) {
                        Some(Json::String(text)) => text.clone(),
                        Some(value @ (Json::Number(_) | Json::Bool(_))) => value.to_string(),
                        Some(value) => {
                            return Err(format!("`{name}` is {value}, which no URL can hold"));
                        }
                        None => return Err(format!("nothing was captured as `{name}`")),
                    };
                    url.extend(utf8_percent_encode(&text, KEPT));
                }
            }
        }
        Ok(url)
    }

    /// The names it needs, each with its place in the document.
    pub(super) fn captures(&self) -> impl Iterator<Item = (&str, Span)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Capture(name, span) => Some((name.as_str(), *span)),
            Piece::Text(_) => None,
        })
    }

    /// Takes a URL apart that begins at byte `start` of the document.
    fn new(word: &str, start: usize) -> Parsed<Self> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        while let Some(found) = word[at..].find('$') {
            let opening = at + found;
            let name = word[opening + 1..]
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
                .map(|(name, _)| name)
                .filter(|name| !name.is_empty());
            let Some(name) = name else {
                let span = Span::new(start + opening, start + word.len());
                let message = "`$` in a URL is not followed by a captured value";
                return Err(Diagnostic::error("bad-value", span, message)
                    .with_help("a captured value is written `${name}`, the sign itself `%24`"));
            };
            let end = opening + "${}".len() + name.len();
            if found > 0 {
                pieces.push(Piece::Text(word[at..opening].to_owned()));
            }
            let span = Span::new(start + opening, start + end);
            pieces.push(Piece::Capture(name.to_owned(), span));
            at = end;
        }
        if at < word.len() {
            pieces.push(Piece::Text(word[at..].to_owned()));
        }
        Ok(Self {
            text: word.to_owned(),
            pieces,
        })
    }

    /// The URL with a digit for each captured value, which goes anywhere in it.
    fn sample(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Capture(..) => "1".to_owned(),
        };
        self.pieces.iter().map(text).collect()
    }
}

/// Whether a text without captured values is a URL that labctl can ask.
pub(crate) fn check(text: &str) -> Result<(), (String, String)> {
    let scheme = match text.split_once("://") {
        Some((scheme, _)) => scheme,
        None if text.starts_with('/') => {
            let help = format!("with scheme and host: `http://localhost:8000{text}`");
            return Err((format!("`{text}` is no URL"), help));
        }
        None => {
            let help = format!("with its scheme: `http://{text}`");
            return Err((format!("`{text}` is no URL"), help));
        }
    };
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        let message = format!("`{scheme}` is not what labctl asks over");
        return Err((message, "over `http` or `https`".to_owned()));
    }
    match url::Url::parse(text) {
        Ok(_) => Ok(()),
        Err(error) => Err((
            format!("`{text}` is no URL: {error}"),
            "such as `http://localhost:8000/health`".to_owned(),
        )),
    }
}

/// The next word, which must be a URL.
pub(super) fn url(cursor: &mut Cursor<'_>) -> Parsed<UrlTemplate> {
    let (word, span) = cursor.word();
    let template = UrlTemplate::new(word, span.start())?;
    match check(&template.sample()) {
        Ok(()) => Ok(template),
        Err((message, help)) => Err(Diagnostic::error("bad-value", span, message).with_help(help)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn filled(word: &str, value: Json) -> Result<String, String> {
        let mut captures = Captures::default();
        captures.insert("id", value);
        UrlTemplate::new(word, 0)
            .expect("it is one")
            .fill(&captures)
    }

    #[test]
    fn a_captured_value_stays_one_piece_of_the_url() {
        let url = "http://x/a/${id}/b?c=${id}";
        assert_eq!(filled(url, 7.into()), Ok("http://x/a/7/b?c=7".to_owned()));
        assert_eq!(
            filled("http://x/${id}", "a/b?ü-1".into()),
            Ok("http://x/a%2Fb%3F%C3%BC-1".to_owned())
        );
        assert_eq!(
            filled("http://x/${no}", 7.into()),
            Err("nothing was captured as `no`".to_owned())
        );
        assert_eq!(
            filled("http://x/${id}", serde_json::json!([1])),
            Err("`id` is [1], which no URL can hold".to_owned())
        );
    }
}
