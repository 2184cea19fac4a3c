//! Where in a document something stands.

use std::ops::Range;

/// A range of bytes of the document, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`; an `end` before `start` gives the empty span at `start`.
    pub const fn new(start: usize, end: usize) -> Self {
        let end = if end < start { start } else { end };
        Self { start, end }
    }

    /// First byte.
    pub const fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    pub const fn end(self) -> usize {
        self.end
    }

    /// As a range to slice the document with.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// What stands there.
    pub(crate) fn text(self, source: &str) -> &str {
        &source[self.range()]
    }

    /// Without the white space at both ends.
    pub(crate) fn trimmed(self, source: &str) -> Self {
        let text = self.text(source);
        let start = self.start + (text.len() - text.trim_start().len());
        Self::new(start, self.start + text.trim_end().len())
    }

    /// Without the white space at its end.
    pub(crate) fn trimmed_end(self, source: &str) -> Self {
        Self::new(self.start, self.start + self.text(source).trim_end().len())
    }

    /// Up to the end of the line it starts on.
    pub(crate) fn first_line(self, source: &str) -> Self {
        let text = self.text(source);
        let line = text.split('\n').next().unwrap_or_default();
        Self::new(self.start, self.start + line.trim_end().len())
    }
}

/// A place as a person counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where the lines of a document start: built once, it finds the position of any byte.
#[derive(Debug, Clone)]
pub struct LineIndex<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> LineIndex<'s> {
    /// Reads the document once. Lines end at `\n`.
    pub fn new(source: &'s str) -> Self {
        let after_newlines = source.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            source,
            starts: std::iter::once(0).chain(after_newlines).collect(),
        }
    }

    /// Where each line starts.
    pub(crate) fn into_starts(self) -> Vec<usize> {
        self.starts
    }

    /// The line, from 1, that the byte at `offset` belongs to; an offset past the end belongs to the last line.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }

    /// Line and column of the byte at `offset`; inside a character, that character's; past the end, the end's.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.starts[line - 1];
        let before = self.source[start..]
            .char_indices()
            .take_while(|(at, character)| start + at + character.len_utf8() <= offset)
            .count();
        Position {
            line,
            column: before + 1,
        }
    }

    /// The text of a line, from 1, without its line ending; `None` past the last one.
    pub fn line_text(&self, line: usize) -> Option<&'s str> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        self.source[start..].lines().next().or(Some(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, offset: usize, line: usize, column: usize) {
        let position = LineIndex::new(source).position(offset);
        assert_eq!(position, Position { line, column });
    }

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        check("", 0, 1, 1);
        check("ab\ncd", 1, 1, 2);
        check("ab\ncd", 2, 1, 3);
        check("ab\ncd", 3, 2, 1);
        check("ab\r\ncd", 4, 2, 1);
        check("äö x", 4, 1, 3);
        check("äö x", 3, 1, 2);
        check("ab\n", 3, 2, 1);
        check("ab\n", 99, 2, 1);
    }

    #[test]
    fn a_line_is_given_without_its_ending() {
        let index = LineIndex::new("ab\r\n\nc");
        let lines = [0, 1, 2, 3, 4].map(|line| index.line_text(line));
        assert_eq!(lines, [None, Some("ab"), Some(""), Some("c"), None]);
    }

    #[test]
    fn trimming_moves_both_ends() {
        let source = "x \tab  \n";
        assert_eq!(Span::new(1, 8).trimmed(source), Span::new(3, 5));
        assert_eq!(Span::new(5, 7).trimmed(source).text(source), "");
    }
}
