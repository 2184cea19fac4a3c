//! `name{label="value", label=~"regex"}`, as Prometheus' queries have it.

use std::{borrow::Cow, fmt, ops::Range};

use regex::Regex;

use super::Sample;

/// Which series are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The metric's name.
    pub name: String,
    /// What its labels must be; others may be anything.
    pub matchers: Vec<Matcher>,
}

/// What a label must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label; a series without it has it empty.
    pub label: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; a regular expression must match the whole value.
    pub value: String,
}

/// `=`, `!=`, `=~`, `!~`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are PromQL's own")]
pub enum Operator {
    Equal,
    NotEqual,
    Matches,
    NotMatches,
}

/// Two letters first.
const OPERATORS: [(&str, Operator); 4] = [
    ("!=", Operator::NotEqual),
    ("=~", Operator::Matches),
    ("!~", Operator::NotMatches),
    ("=", Operator::Equal),
];

/// As it is written, its blanks apart.
impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        for (place, matcher) in self.matchers.iter().enumerate() {
            formatter.write_str(if place == 0 { "{" } else { "," })?;
            let operator = OPERATORS
                .iter()
                .find(|(_, known)| *known == matcher.operator);
            let operator = operator.map_or("", |(text, _)| text);
            write!(formatter, "{}{operator}{:?}", matcher.label, matcher.value)?;
        }
        formatter.write_str(if self.matchers.is_empty() { "" } else { "}" })
    }
}

impl Selector {
    /// Whether the sample is of a series that is meant.
    pub fn selects(&self, sample: &Sample) -> bool {
        sample.name == self.name
            && self
                .matchers
                .iter()
                .all(|matcher| matcher.accepts(sample.label(&matcher.label)))
    }

    /// Whether series with this value of a label can be meant.
    pub fn accepts(&self, label: &str, value: &str) -> bool {
        let mut matchers = self.matchers.iter();
        matchers.all(|matcher| matcher.label != label || matcher.accepts(value))
    }
}

impl Matcher {
    fn accepts(&self, value: &str) -> bool {
        match self.operator {
            Operator::Equal => value == self.value,
            Operator::NotEqual => value != self.value,
            Operator::Matches => self.is_match(value),
            Operator::NotMatches => !self.is_match(value),
        }
    }

    /// The parser has compiled it before; one that does not compile matches nothing.
    fn is_match(&self, value: &str) -> bool {
        whole(&self.value).is_ok_and(|regex| regex.is_match(value))
    }
}

fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
}

/// What is wrong with a selector, and which bytes of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SelectorError {
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// Reads the selector that `text` begins with, and says how long it is.
pub(crate) fn selector(text: &str) -> Result<(Selector, usize), SelectorError> {
    let name = name(text, true);
    let mut selector = Selector {
        name: name.to_owned(),
        matchers: Vec::new(),
    };
    let mut reader = Reader {
        text,
        at: name.len(),
    };
    if !reader.eat("{") {
        return Ok((selector, reader.at));
    }
    let opening = reader.at - 1;
    loop {
        reader.skip_blanks();
        if reader.eat("}") {
            return Ok((selector, reader.at));
        }
        selector.matchers.push(reader.matcher(opening)?);
        reader.skip_blanks();
        if !reader.eat(",") && !reader.rest().starts_with('}') {
            return Err(reader.wrong_here(opening));
        }
    }
}

/// The name that `text` begins with; `with_colon`: of a metric, not of a label.
pub(super) fn name(text: &str, with_colon: bool) -> &str {
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (with_colon && byte == b':');
    let length = text
        .bytes()
        .position(|byte| !is_part(byte))
        .unwrap_or(text.len());
    let begins_well = !text.starts_with(|first: char| first.is_ascii_digit());
    if begins_well { &text[..length] } else { "" }
}

/// A text in double quotes that `text` begins with, and how long it is with them. `\\`, `\"` and `\n` are undone.
pub(super) fn quoted(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let inner = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Cow::Owned(value), at + 2)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped @ ('\\' | '"') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, sign: &str) -> bool {
        let is_next = self.rest().starts_with(sign);
        self.at += if is_next { sign.len() } else { 0 };
        is_next
    }

    fn matcher(&mut self, opening: usize) -> Result<Matcher, SelectorError> {
        let label = name(self.rest(), false);
        if label.is_empty() {
            return Err(self.wrong_here(opening));
        }
        self.at += label.len();
        self.skip_blanks();
        let Some((sign, operator)) = OPERATORS
            .into_iter()
            .find(|(sign, _)| self.rest().starts_with(sign))
        else {
            return Err(self.wrong_here(opening));
        };
        self.at += sign.len();
        self.skip_blanks();
        let Some((value, length)) = quoted(self.rest()) else {
            let word = self.rest();
            let end = word
                .find(|sign: char| sign.is_whitespace() || ",}".contains(sign))
                .filter(|_| !word.starts_with('"'))
                .unwrap_or(word.len());
            return Err(SelectorError {
                at: self.at..self.at + end,
                message: "a label's value in double quotes belongs here".to_owned(),
                help: "such as `{method=\"GET\"}`",
            });
        };
        if matches!(operator, Operator::Matches | Operator::NotMatches) && whole(&value).is_err() {
            return Err(SelectorError {
                at: self.at..self.at + length,
                message: "not a regular expression".to_owned(),
                help: "it must match the whole value: `{status=~\"5..\"}`",
            });
        }
        self.at += length;
        Ok(Matcher {
            label: label.to_owned(),
            operator,
            value: value.into_owned(),
        })
    }

    fn wrong_here(&self, opening: usize) -> SelectorError {
        let rest = self.rest();
        if rest.trim().is_empty() {
            return SelectorError {
                at: opening..opening + 1,
                message: "this `{` is never closed".to_owned(),
                help: "such as `http_requests_total{method=\"GET\"}`",
            };
        }
        let length = rest.chars().next().map_or(0, char::len_utf8);
        SelectorError {
            at: self.at..self.at + length,
            message: format!("`{}` does not belong here", &rest[..length]),
            help: "labels are written `{method=\"GET\",status!=\"200\"}`",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(labels: &[(&str, &str)]) -> Sample {
        Sample {
            name: "hits_total".to_owned(),
            labels: labels
                .iter()
                .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
                .collect(),
            value: 1.0,
        }
    }

    #[track_caller]
    fn selects(text: &str, labels: &[(&str, &str)], expected: bool) {
        let (selector, length) = selector(text).expect("it is one");
        assert_eq!(length, text.len());
        assert_eq!(selector.selects(&sample(labels)), expected, "{text}");
    }

    #[test]
    fn labels_are_matched_as_prometheus_does() {
        let get = [("method", "GET"), ("status", "200")];
        selects("hits_total", &get, true);
        selects("hits_total{}", &get, true);
        selects("misses_total", &get, false);
        selects("hits_total{method=\"GET\"}", &get, true);
        selects(
            "hits_total{ method = \"GET\" , status!=\"500\", }",
            &get,
            true,
        );
        selects("hits_total{status=~\"2..\"}", &get, true);
        selects("hits_total{status=~\"2\"}", &get, false);
        selects("hits_total{status!~\"2..\"}", &get, false);
        selects("hits_total{cache=\"\"}", &get, true);
        selects(
            "hits_total{path=\"a\\\"b\\\\\"}",
            &[("path", "a\"b\\")],
            true,
        );
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let wrong = |text: &str| {
            let error = selector(text).expect_err("it is wrong");
            (text[error.at].to_owned(), error.message)
        };
        let told = |place: &str, message: &str| (place.to_owned(), message.to_owned());
        let value = "a label's value in double quotes belongs here";
        assert_eq!(wrong("a{b=c}"), told("c", value));
        assert_eq!(wrong("a{b=\"c}"), told("\"c}", value));
        assert_eq!(wrong("a{b"), told("{", "this `{` is never closed"));
        assert_eq!(wrong("a{b:\"c\"}"), told(":", "`:` does not belong here"));
        assert_eq!(
            wrong("a{b=~\"(\"}"),
            told("\"(\"", "not a regular expression")
        );
    }
}
