//! HTML comments: which of them claim something about a block, and which nearly do.
//!
//! A comment claims something if its first word is exactly `expect`. Because a claim must never be passed over, one
//! whose first word is at most two letters away from it (letter case aside), or begins with it, is an error: it is
//! either misspelt, or can begin with another word.

use crate::{Span, markdown::RawLine};

/// What stands in a run of HTML.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A comment.
    Comment(Comment),
    /// Something a reader may see, or a tag; what stands right after a comment is told by its ending.
    Other(Span),
}

/// A comment.
#[derive(Debug)]
pub(crate) struct Comment {
    /// `<!--` and the first word.
    pub(crate) opener: Span,
    /// What its first word makes of it.
    pub(crate) kind: CommentKind,
    /// What stands in it after the opener: a trimmed span per line that is not blank.
    pub(crate) lines: Vec<Span>,
    /// How it ends.
    pub(crate) ending: Ending,
}

/// What a comment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommentKind {
    /// It claims something.
    Expect,
    /// Its first word nearly is `expect`.
    NearlyExpect,
    /// Anything else.
    Ordinary,
}

/// How a comment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By `-->`, with nothing but comments after it on the line.
    Clean,
    /// By `-->`, with this text after it on the line.
    TextAfter(Span),
    /// Not at all: everything up to the end of the document, or of the list item or quote around it, is in it.
    Unclosed,
}

/// Takes a run of HTML apart.
pub(crate) fn pieces(source: &str, html: &[RawLine]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Option<Body> = None;
    for line in html {
        let mut rest = line.span;
        let mut is_text_told = false;
        loop {
            if let Some(mut body) = open.take() {
                // The `-->` of `<!-->` shares its dashes with the opener.
                let from = if body.lines.is_empty() {
                    rest.start() - 2
                } else {
                    rest.start()
                };
                let Some(at) = Span::new(from, rest.end()).text(source).find("-->") else {
                    body.lines.push(rest);
                    open = Some(body);
                    break;
                };
                let end = from + at;
                body.lines.push(Span::new(rest.start(), end));
                rest = Span::new(end + 3, rest.end()).trimmed(source);
                let ending = ending(source, rest);
                is_text_told = matches!(ending, Ending::TextAfter(_));
                pieces.push(Piece::Comment(body.end(source, ending)));
            }
            let text = rest.text(source);
            let opener = text.find("<!--");
            let before = Span::new(rest.start(), rest.start() + opener.unwrap_or(text.len()));
            if !is_text_told && !before.trimmed(source).text(source).is_empty() {
                pieces.push(Piece::Other(before.trimmed(source)));
            }
            let Some(at) = opener else { break };
            let start = rest.start() + at;
            open = Some(Body {
                start,
                lines: Vec::new(),
            });
            rest = Span::new(start + 4, rest.end());
        }
    }
    if let Some(body) = open {
        pieces.push(Piece::Comment(body.end(source, Ending::Unclosed)));
    }
    pieces
}

fn ending(source: &str, rest: Span) -> Ending {
    let text = rest.text(source);
    if text.is_empty() || text.starts_with("<!--") {
        Ending::Clean
    } else {
        Ending::TextAfter(rest)
    }
}

/// A comment being read.
struct Body {
    start: usize,
    lines: Vec<Span>,
}

impl Body {
    fn end(self, source: &str, ending: Ending) -> Comment {
        let mut lines: Vec<Span> = self
            .lines
            .into_iter()
            .map(|line| line.trimmed(source))
            .filter(|line| !line.text(source).is_empty())
            .collect();
        let bare = Span::new(self.start, self.start + 4);
        let Some(first) = lines.first_mut() else {
            return Comment {
                opener: bare,
                kind: CommentKind::Ordinary,
                lines,
                ending,
            };
        };
        let (kind, length) = first_word(first.text(source));
        let opener = Span::new(self.start, first.start() + length);
        *first = Span::new(first.start() + length, first.end()).trimmed(source);
        if first.text(source).is_empty() {
            lines.remove(0);
        }
        Comment {
            opener,
            kind,
            lines,
            ending,
        }
    }
}

const WORD: &str = "expect";

/// What the first word of a comment makes of it, and where that word ends.
pub(crate) fn first_word(text: &str) -> (CommentKind, usize) {
    let token = text.split_whitespace().next().unwrap_or_default();
    if token == WORD {
        return (CommentKind::Expect, WORD.len());
    }
    let start = text.len()
        - text
            .trim_start_matches(|c: char| !c.is_alphanumeric())
            .len();
    let word: String = text[start..]
        .chars()
        .take_while(|character| character.is_alphabetic())
        .collect();
    let end = start + word.len();
    let lower = word.to_lowercase();
    // A word of more than eight letters is more than two away.
    let is_near = lower.starts_with(WORD)
        || lower.chars().count() <= 8 && strsim::osa_distance(&lower, WORD) <= 2;
    let kind = if is_near {
        CommentKind::NearlyExpect
    } else {
        CommentKind::Ordinary
    };
    (kind, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: CommentKind) {
        assert_eq!(first_word(text).0, kind, "{text}");
    }

    #[test]
    fn only_the_exact_word_claims() {
        check("expect", CommentKind::Expect);
        check("expect exit == 0", CommentKind::Expect);
        check("expect\texit == 0", CommentKind::Expect);
    }

    #[test]
    fn a_word_nearly_the_same_is_never_passed_over() {
        for text in [
            "expct json",
            "expects",
            "Expect",
            "EXPECT x",
            "epxect",
            "expect: x",
            "expected soon: x",
            "expectation",
            "expectations: none",
            "- expect x",
            "-expect",
            "except",
            "xpect",
            "exect",
        ] {
            check(text, CommentKind::NearlyExpect);
        }
    }

    #[test]
    fn other_words_are_ordinary() {
        for text in [
            "",
            "note: expect nothing",
            "TODO",
            "-",
            "é",
            "markdownlint-disable",
            "we expect",
            "toc",
        ] {
            check(text, CommentKind::Ordinary);
        }
    }
}
