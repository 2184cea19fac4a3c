//! Where the front matter ends and the content begins.

use crate::{Diagnostic, Span};

/// How the front matter is marked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Between two lines `---`.
    Dashes,
    /// Between two lines `+++`.
    Pluses,
    /// A JSON object without delimiters.
    Json,
}

/// A document, divided.
#[derive(Debug)]
pub(crate) struct Extent {
    /// The front matter's form and what stands within its delimiters; `None`: there is none, or it has no end.
    pub(crate) body: Option<(Form, Span)>,
    /// Where the content begins.
    pub(crate) content: usize,
    /// What is wrong with the delimiters.
    pub(crate) problem: Option<Diagnostic>,
}

/// Every front matter error begins so: it is what users of Runme know.
pub(crate) const PREFIX: &str = "failed to parse frontmatter content:";

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Divides a document.
pub(crate) fn divide(source: &str) -> Extent {
    let visible = source.trim_start_matches(|character: char| {
        character == BYTE_ORDER_MARK || character.is_whitespace()
    });
    let start = source.len() - visible.len();
    let is_exempt = ["{{", "{%", "--8<"]
        .iter()
        .any(|opening| visible.starts_with(opening));
    if is_exempt {
        return none(source);
    }
    match visible.as_bytes() {
        [b'-', b'-', b'-', ..] => delimited(source, start, "---", Form::Dashes),
        [b'+', b'+', b'+', ..] => delimited(source, start, "+++", Form::Pluses),
        [b'{', ..] => json(source, start),
        _ => none(source),
    }
}

/// All is content; a byte order mark is not, because Markdown would take it for text.
fn none(source: &str) -> Extent {
    let content = source.len() - source.trim_start_matches(BYTE_ORDER_MARK).len();
    Extent {
        body: None,
        content,
        problem: None,
    }
}

fn broken(source: &str, span: Span, message: &str, help: &str) -> Extent {
    let message = format!("{PREFIX} {message}");
    Extent {
        problem: Some(Diagnostic::error("front-matter", span, message).with_help(help)),
        ..none(source)
    }
}

/// What a document that begins with a line across the page needs.
pub(crate) const BREAK_HELP: &str =
    "if the first line is meant as a line across the page, write `***`";

fn delimited(source: &str, start: usize, delimiter: &str, form: Form) -> Extent {
    let opening = Span::new(start, source.len()).first_line(source);
    let body_start = next_line(source, opening.end());
    let mut line = body_start;
    while line < source.len() && !source[line..].starts_with(delimiter) {
        line = next_line(source, line);
    }
    if line >= source.len() {
        let message = format!("no line `{delimiter}` ends what the first one begins");
        return broken(source, opening, &message, BREAK_HELP);
    }
    let after = line + delimiter.len();
    let content = match &source.as_bytes()[after..] {
        [b'\n', ..] => after + 1,
        [b'\r', b'\n', ..] => after + 2,
        _ => after,
    };
    let first_line = source.lines().next().unwrap_or_default();
    let problem = (first_line.trim() != delimiter).then(|| {
        let message =
            format!("{PREFIX} invalid front matter: the first line must be `{delimiter}`");
        let help = if opening.text(source) == delimiter {
            format!("remove what stands before `{delimiter}`: blank lines, or a byte order mark")
        } else {
            BREAK_HELP.to_owned()
        };
        Diagnostic::error("front-matter", opening, message).with_help(help)
    });
    Extent {
        body: problem
            .is_none()
            .then(|| (form, Span::new(body_start, line))),
        content,
        problem,
    }
}

fn json(source: &str, start: usize) -> Extent {
    let mut level = 0_usize;
    let mut is_quoted = false;
    let mut bytes = source.bytes().enumerate().skip(start);
    let mut end = None;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => is_quoted = !is_quoted,
            b'{' if !is_quoted => level += 1,
            b'}' if !is_quoted => level -= 1,
            _ => {}
        }
        if level == 0 {
            end = Some(at + 1);
            break;
        }
    }
    let Some(end) = end else {
        let opening = Span::new(start, start + 1);
        let help = "a document that begins with `{` begins with JSON; close it, or begin with something else";
        return broken(source, opening, "the `{` is never closed", help);
    };
    let content = match &source.as_bytes()[end..] {
        [b'\n', ..] => end + 1,
        [b'\r', b'\n', ..] => end + 2,
        _ => end,
    };
    Extent {
        body: Some((Form::Json, Span::new(start, end))),
        content,
        problem: None,
    }
}

fn next_line(source: &str, from: usize) -> usize {
    source[from..]
        .find('\n')
        .map_or(source.len(), |at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, body: Option<(Form, &str)>, content: &str) {
        let extent = divide(source);
        let read = extent.body.map(|(form, span)| (form, span.text(source)));
        assert_eq!(
            (read, &source[extent.content..]),
            (body, content),
            "{source:?}"
        );
        assert!(extent.problem.is_none(), "{:?}", extent.problem);
    }

    #[track_caller]
    fn check_problem(source: &str, content: &str) {
        let extent = divide(source);
        assert_eq!(&source[extent.content..], content, "{source:?}");
        let problem = extent.problem.expect("a problem");
        assert!(problem.message.starts_with(PREFIX), "{problem:?}");
        assert!(extent.body.is_none());
    }

    #[test]
    fn rule_1_1_no_front_matter_is_all_content() {
        check("", None, "");
        check("# Title\n---\n", None, "# Title\n---\n");
        check("\n\n  text", None, "\n\n  text");
        check("\u{feff}# Title", None, "# Title");
        check("-- x", None, "-- x");
    }

    #[test]
    fn rule_1_2_the_first_characters_choose_the_form() {
        check("---\na: b\n---\nx", Some((Form::Dashes, "a: b\n")), "x");
        check("+++\na = 1\n+++\nx", Some((Form::Pluses, "a = 1\n")), "x");
        check("\n {\"a\": {}}\nx", Some((Form::Json, "{\"a\": {}}")), "x");
        check(
            "---\r\na: b\r\n---\r\nx",
            Some((Form::Dashes, "a: b\r\n")),
            "x",
        );
        check("---\n---", Some((Form::Dashes, "")), "");
    }

    #[test]
    fn rule_1_3_templates_includes_and_scissors_are_content() {
        for source in ["{{ x }}\ny", "{% include x %}\ny", "--8<-- \"x\"\ny"] {
            check(source, None, source);
        }
    }

    #[test]
    fn rule_1_4_text_after_the_closing_delimiter_is_content() {
        check(
            "---\na: b\n---more\nx",
            Some((Form::Dashes, "a: b\n")),
            "more\nx",
        );
        check(
            "---\na: b\n ---\n---\n",
            Some((Form::Dashes, "a: b\n ---\n")),
            "",
        );
    }

    #[test]
    fn rule_1_5_without_a_second_delimiter_the_document_is_wrong_and_all_content() {
        check_problem("---\n# Title\n", "---\n# Title\n");
        check_problem("---", "---");
        check_problem("+++\nx", "+++\nx");
    }

    #[test]
    fn rule_1_6_json_ends_where_its_braces_balance() {
        check(
            "{\"a\": \"}\\\"}\", \"b\": {}}rest",
            Some((Form::Json, "{\"a\": \"}\\\"}\", \"b\": {}}")),
            "rest",
        );
        check_problem("{\"a\": 1\n\ntext", "{\"a\": 1\n\ntext");
        check_problem("{\"a\\", "{\"a\\");
    }

    #[test]
    fn rule_1_8_first_and_last_line_must_be_equal() {
        check_problem("\n---\na: b\n---\nx", "x");
        check_problem("\u{feff}---\na: b\n---\nx", "x");
        check_problem("--- yaml\na: b\n---\nx", "x");
        check_problem("----\na: b\n---\nx", "x");
        check("  ---  \na: b\n---\nx", Some((Form::Dashes, "a: b\n")), "x");
    }
}
