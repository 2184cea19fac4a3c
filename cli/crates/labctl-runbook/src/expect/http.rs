//! `http METHOD URL (status | header NAME | body | json PATH)`: reading it, and what may be said of each.

use super::{
    Subject,
    claim::{Comparison, Value},
    cursor::Cursor,
    url::{UrlTemplate, url},
    words,
};
use crate::{Diagnostic, Span};

type Parsed<T> = Result<T, Diagnostic>;

/// `http METHOD URL PART`: what labctl asks, and of which part of the answer is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSubject {
    /// How it asks.
    pub method: HttpMethod,
    /// Whom it asks.
    pub url: UrlTemplate,
    /// What of the answer.
    pub part: HttpPart,
}

/// A method that labctl can ask with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are HTTP's own")]
pub enum HttpMethod {
    Get,
    Head,
    Options,
    Post,
    Put,
    Patch,
    Delete,
}

impl HttpMethod {
    /// As HTTP has it: `GET`.
    pub fn name(self) -> &'static str {
        let is_it = |entry: &&(&str, Self)| entry.1 == self;
        METHODS.iter().find(is_it).map_or("", |(name, _)| name)
    }

    /// Whether asking changes nothing, so that it may be asked again.
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }
}

const METHODS: [(&str, HttpMethod); 7] = [
    ("GET", HttpMethod::Get),
    ("HEAD", HttpMethod::Head),
    ("OPTIONS", HttpMethod::Options),
    ("POST", HttpMethod::Post),
    ("PUT", HttpMethod::Put),
    ("PATCH", HttpMethod::Patch),
    ("DELETE", HttpMethod::Delete),
];

/// A part of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpPart {
    /// `status`: the number.
    Status,
    /// `header NAME`: each value it was sent with.
    Header(String),
    /// `body`: all of it, as text.
    Body,
    /// `json PATH`: what a JSONPath selects in the body.
    Json(String),
}

const PARTS: [&str; 4] = ["status", "header", "body", "json"];

/// `METHOD URL PART`; the word `http` has been read.
pub(super) fn subject(cursor: &mut Cursor<'_>) -> Parsed<HttpSubject> {
    let method = method(cursor)?;
    let word = cursor.peek_word();
    if word.is_empty() || PARTS.contains(&word) {
        return Err(
            Diagnostic::error("missing-word", cursor.span(word.len()), "which URL?").with_help(
                "it stands behind the method: `http GET http://localhost:8000/health status == 200`",
            ),
        );
    }
    let url = url(cursor)?;
    let part = part(cursor, method)?;
    Ok(HttpSubject { method, url, part })
}

fn method(cursor: &mut Cursor<'_>) -> Parsed<HttpMethod> {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    if let Some(method) = words::find(&METHODS, word) {
        cursor.word();
        return Ok(method);
    }
    if word.contains("://") {
        return Err(Diagnostic::error("missing-word", span, "which method?")
            .with_help(format!("it stands before the URL: `http GET {word} …`")));
    }
    let capitals = word.to_ascii_uppercase();
    let valid = words::names(&METHODS);
    let error = words::unknown("a method", word, span, &valid);
    Err(match crate::nearest_word(&capitals, valid) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error,
    })
}

fn part(cursor: &mut Cursor<'_>, method: HttpMethod) -> Parsed<HttpPart> {
    let word = cursor.peek_name();
    let span = cursor.span(word.len());
    if !PARTS.contains(&word) {
        return Err(words::unknown("what of the answer", word, span, &PARTS));
    }
    if method == HttpMethod::Head && matches!(word, "body" | "json") {
        let message = "an answer to `HEAD` has no body";
        return Err(Diagnostic::error("bad-claim", span, message).with_help("ask with `GET`"));
    }
    cursor.eat(word);
    match word {
        "status" => Ok(HttpPart::Status),
        "header" => header(cursor),
        "body" => Ok(HttpPart::Body),
        _ => Ok(HttpPart::Json(cursor.path()?)),
    }
}

fn header(cursor: &mut Cursor<'_>) -> Parsed<HttpPart> {
    let (word, span) = cursor.word();
    // RFC 9110, 5.6.2.
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_token) {
        return Ok(HttpPart::Header(word.to_ascii_lowercase()));
    }
    let bare = word.trim_matches(['"', '\'', ':']);
    let error = if word.is_empty() || !bare.bytes().all(is_token) {
        Diagnostic::error("missing-word", span, "which header?")
            .with_help("its name: `header content-type`")
    } else {
        Diagnostic::error("bad-value", span, format!("`{word}` is no header's name"))
            .with_help(format!("without quotes or colon: `header {bare}`"))
    };
    Err(error)
}

/// A status that cannot be, or one that is no number.
pub(super) fn check_value(
    part: &HttpPart,
    comparison: Comparison,
    value: &Value,
    sign: Span,
    span: Span,
) -> Parsed<()> {
    let Value::Literal(literal) = value else {
        return Ok(());
    };
    let refuse = |span, message: &str, help: &str| {
        Err(Diagnostic::error("bad-claim", span, message).with_help(help))
    };
    match part {
        HttpPart::Status
            if !literal
                .as_u64()
                .is_some_and(|code| (100..=599).contains(&code)) =>
        {
            refuse(
                span,
                "no answer has this status",
                "a status is a whole number from 100 to 599",
            )
        }
        HttpPart::Json(_) if comparison.is_order() && !literal.is_number() => refuse(
            sign,
            "only numbers have an order",
            "compare with a number, or use `==`",
        ),
        HttpPart::Header(_) | HttpPart::Body
            if !(literal.is_number() || literal.is_string() && !comparison.is_order()) =>
        {
            refuse(
                span,
                &format!("{} is text", in_words(part)),
                "compare it with text in double quotes or with a number",
            )
        }
        _ => Ok(()),
    }
}

/// `within` for what may be asked again.
pub(super) fn check_awaited(subject: &Subject, within: Span) -> Parsed<()> {
    let Subject::Http(HttpSubject { method, .. }) = subject else {
        return Ok(());
    };
    if method.is_safe() {
        return Ok(());
    }
    let message = format!(
        "`{}` changes things, so it is asked only once",
        method.name()
    );
    Err(Diagnostic::error("bad-claim", within, message)
        .with_help("leave out the `within`, and await what it does with `GET`"))
}

pub(super) fn in_words(part: &HttpPart) -> &'static str {
    match part {
        HttpPart::Status => "a status",
        HttpPart::Header(_) => "a header",
        HttpPart::Body => "a body",
        HttpPart::Json(_) => "JSON",
    }
}
