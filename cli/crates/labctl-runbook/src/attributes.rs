//! A fence's info string: its language and its attributes.
//!
//! ```text
//! bash {"name": "write", "background": true}     the language, then a JSON object
//! bash { name=write background=true }            or pairs in the manner of HTML, split at single spaces
//! ```
//!
//! Malformed attributes are never an error, because they are none for Runme: they become what Runme makes of them,
//! and a warning.

use indexmap::IndexMap;
use serde_json::Value;

use crate::{Diagnostic, Span};

/// The key and value pairs on a block's fence, in the order written; every value is text (Runme's rule).
pub type Attributes = IndexMap<String, String>;

/// What an info string says.
#[derive(Debug, Default)]
pub(crate) struct Info<'s> {
    /// The language word; empty if there is none.
    pub(crate) language: &'s str,
    /// The attributes.
    pub(crate) attributes: Attributes,
    /// What its author should know.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Reads the info string that stands at `span`, without white space around it.
pub(crate) fn parse_info(source: &str, span: Span) -> Info<'_> {
    let info = span.text(source);
    let at = |start: usize, end: usize| Span::new(span.start() + start, span.start() + end);
    let mut warnings = Vec::new();
    let word = info.split(' ').next().unwrap_or_default();
    let Some((start, end)) = attribute_range(info) else {
        if let Some(brace) = info.find('{').filter(|_| !info.contains('}')) {
            let message = "attributes without a closing `}` are ignored";
            warnings.push(malformed(at(brace, info.len()), message));
        }
        return Info {
            language: word,
            attributes: Attributes::new(),
            warnings,
        };
    };
    let language = if start >= word.len() {
        word
    } else {
        let language = word[..start].trim_end();
        if !language.is_empty() {
            let message =
                format!("no space before the attributes: Runme reads the language as `{word}`");
            warnings.push(
                malformed(at(0, start), &message).with_help(format!("write `{language} {{`")),
            );
        }
        language
    };
    let text = &info[start..end];
    let attributes = match serde_json::from_str::<serde_json::Map<String, Value>>(text) {
        Ok(object) => object
            .into_iter()
            .map(|(key, value)| (key, json_text(value)))
            .collect(),
        Err(cause) => {
            if let Some(warning) = json_warning(text, &cause, at(start, end)) {
                warnings.push(warning);
            }
            html_like(text, at(start, end), &mut warnings)
        }
    };
    if info[end..].contains('}') && warnings.iter().all(|warning| warning.code != MALFORMED) {
        let message = "attributes end at the first `}`: what follows is ignored";
        warnings.push(malformed(at(end, info.len()), message));
    }
    Info {
        language,
        attributes,
        warnings,
    }
}

/// Reads a boolean attribute as Runme does: `1 t T TRUE true True` and `0 f F FALSE false False`; anything else
/// counts as not set.
pub(crate) fn flag(attributes: &Attributes, key: &str) -> Option<bool> {
    match attributes.get(key)?.as_str() {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

const MALFORMED: &str = "malformed-attributes";

fn malformed(span: Span, message: &str) -> Diagnostic {
    Diagnostic::warning(MALFORMED, span, message)
}

/// From the first `{` that is not followed by `}` to the first `}`, which must come later.
fn attribute_range(info: &str) -> Option<(usize, usize)> {
    let end = info.find('}')?;
    let start = info[..end].find('{')?;
    (start + 1 < end).then_some((start, end + 1))
}

fn json_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Attributes that look like JSON but are not: where JSON gave up.
fn json_warning(text: &str, cause: &serde_json::Error, span: Span) -> Option<Diagnostic> {
    let looks_like_json = text.contains('"') || text.contains(':');
    if !looks_like_json {
        return None;
    }
    // A serde_json column counts bytes from 1, and an info string is one line.
    let mut offset = cause.column().saturating_sub(1).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let place = Span::new(span.start() + offset, span.end());
    let message = "these attributes are not valid JSON, so Runme reads them as `key=value` pairs";
    let help = "write `{\"name\": \"…\"}`, keys and text in double quotes, nothing nested";
    Some(malformed(place, message).with_help(help))
}

/// `{ name=foo .class #id }`: items split at single spaces, each at its first `=`.
fn html_like(text: &str, span: Span, warnings: &mut Vec<Diagnostic>) -> Attributes {
    let mut attributes = Attributes::new();
    let inner = text.trim_start_matches(['{', '}']);
    let mut offset = span.start() + (text.len() - inner.len());
    for item in inner.trim_end_matches(['{', '}']).split(' ') {
        let place = Span::new(offset, offset + item.len());
        offset = place.end() + 1;
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        if warnings.is_empty() {
            warnings.extend(pair_warning(key, value, item.contains('='), place));
        }
        if !key.is_empty() {
            attributes.insert(key.to_owned(), value.to_owned());
        }
    }
    attributes
}

/// A pair that does not mean what it looks like.
fn pair_warning(key: &str, value: &str, has_equals: bool, place: Span) -> Option<Diagnostic> {
    if key.is_empty() && has_equals || key == "name" && value.is_empty() {
        let help = "write `name=value` without spaces around the `=`";
        return Some(malformed(place, "a pair without a key or a name").with_help(help));
    }
    if value.ends_with(',') {
        let message = format!("the comma is part of the value `{value}`");
        return Some(malformed(place, &message).with_help("separate pairs by single spaces"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(text: &str) -> Info<'_> {
        parse_info(text, Span::new(0, text.len()))
    }

    #[track_caller]
    fn check(text: &str, language: &str, pairs: &[(&str, &str)]) {
        let info = info(text);
        let read: Vec<_> = info
            .attributes
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            (info.language, read.as_slice()),
            (language, pairs),
            "{text}"
        );
    }

    #[track_caller]
    fn check_warning(text: &str, place: Option<&str>) {
        let info = info(text);
        let places: Vec<_> = info
            .warnings
            .iter()
            .map(|warning| warning.span.text(text))
            .collect();
        assert_eq!(places, Vec::from_iter(place), "{text}: {:?}", info.warnings);
    }

    #[test]
    fn rule_3_1_language_ends_at_the_first_space_and_not_at_a_tab() {
        check("", "", &[]);
        check("bash", "bash", &[]);
        check("bash title here", "bash", &[]);
        check("a\tb c", "a\tb", &[]);
    }

    #[test]
    fn rule_3_2_attribute_text_is_no_language() {
        check(r#"{"name": "x"}"#, "", &[("name", "x")]);
        check(r#"{"name":"x"}"#, "", &[("name", "x")]);
        check("{bash name=x}", "", &[("bash", ""), ("name", "x")]);
    }

    #[test]
    fn rule_3_3_a_missing_space_is_a_warning_and_the_language_is_kept() {
        check("bash{name=x}", "bash", &[("name", "x")]);
        check_warning("bash{name=x}", Some("bash"));
        check("bash{\"name\": \"x\"}", "bash", &[("name", "x")]);
        check("bash\t{\"name\": \"x\"}", "bash", &[("name", "x")]);
    }

    #[test]
    fn rule_3_4_attribute_text_ends_at_first_brace() {
        check("bash {name=x} {name=y}", "bash", &[("name", "x")]);
        check("bash } {name=x}", "bash", &[]);
        check("bash {} {name=x}", "bash", &[]);
        check("bash {", "bash", &[]);
        check("{}", "{}", &[]);
        check_warning("bash {\"name\": \"x\"", Some("{\"name\": \"x\""));
        check("bash {{name=x}", "bash", &[("name", "x")]);
    }

    #[test]
    fn rule_3_5_a_nested_object_cuts_the_text_short() {
        check(
            r#"bash {"name": "x", "a": {"b": 1}}"#,
            "bash",
            &[
                ("\"name\":", ""),
                ("\"x\",", ""),
                ("\"a\":", ""),
                ("{\"b\":", ""),
                ("1", ""),
            ],
        );
        check(
            r#"sh {"name": "a}b"}"#,
            "sh",
            &[("\"name\":", ""), ("\"a", "")],
        );
    }

    #[test]
    fn rule_3_6_every_json_value_becomes_text() {
        check(
            r#"bash {"a": "t", "b": true, "c": 20, "d": null, "e": [1, "x"], "name": "é"}"#,
            "bash",
            &[
                ("a", "t"),
                ("b", "true"),
                ("c", "20"),
                ("d", "null"),
                ("e", "[1,\"x\"]"),
                ("name", "é"),
            ],
        );
        check(r#"bash {"Name": "x"}"#, "bash", &[("Name", "x")]);
        check(
            r#"bash {"name": "x", "name": "y"}"#,
            "bash",
            &[("name", "y")],
        );
        check_warning(r#"bash {"name": "x"}"#, None);
    }

    #[test]
    fn rule_3_7_html_like_pairs_know_no_quotes_and_no_commas() {
        check(
            "sh { name=a b=c=d e }",
            "sh",
            &[("name", "a"), ("b", "c=d"), ("e", "")],
        );
        check("sh {name=\"a b\"}", "sh", &[("name", "\"a"), ("b\"", "")]);
        check(
            "sh { name=foo, tag=x }",
            "sh",
            &[("name", "foo,"), ("tag", "x")],
        );
        check_warning("sh { name=foo, tag=x }", Some("name=foo,"));
        check("sh {a=1 a=2 =3}", "sh", &[("a", "2")]);
        check_warning("sh { name=a b=c }", None);
    }

    #[test]
    fn rule_3_8_malformed_json_is_a_warning_at_its_column() {
        check(
            r#"sh { name: "test" }"#,
            "sh",
            &[("name:", ""), ("\"test\"", "")],
        );
        check_warning(r#"sh { name: "test" }"#, Some(r#"name: "test" }"#));
        check_warning(r#"sh {"é": x}"#, Some("x}"));
    }

    #[test]
    fn rule_3_9_spaces_around_the_equals_sign_leave_the_name_empty() {
        check("sh {name = foo}", "sh", &[("name", ""), ("foo", "")]);
        check_warning("sh {name = foo}", Some("name"));
    }

    #[test]
    fn rule_3_10_other_dialects_ride_along() {
        check(
            "sh {.class #id name=foo}",
            "sh",
            &[(".class", ""), ("#id", ""), ("name", "foo")],
        );
        check("sh title=\"x\" {name=foo}", "sh", &[("name", "foo")]);
        check_warning("sh {.class #id name=foo}", None);
    }

    #[test]
    fn rule_3_12_booleans_are_read_as_runme_reads_them() {
        let read = |value: &str| flag(&Attributes::from_iter([("k".into(), value.into())]), "k");
        for yes in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(read(yes), Some(true));
        }
        for no in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(read(no), Some(false));
        }
        for unset in ["yes", "", "tRUE", "null", " true"] {
            assert_eq!(read(unset), None);
        }
    }
}
