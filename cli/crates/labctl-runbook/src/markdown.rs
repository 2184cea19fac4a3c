//! The CommonMark structure of a document, cut down to what matters here: code, HTML comments, other content.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::Span;

/// Something in the document, in source order.
#[derive(Debug)]
pub(crate) enum Element {
    /// A fenced or indented code block.
    Code(RawCode),
    /// A run of raw HTML: a whole HTML block, or one tag or comment within a paragraph.
    Html(Vec<RawLine>),
    /// Anything else a reader sees. Only the first of several in a row is kept.
    Content(Content),
    /// A place in running text that reads `<!--` but opens no comment.
    OpenerInText(Span),
}

/// What a reader sees that is neither code nor HTML.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    /// Where.
    pub(crate) span: Span,
    /// Whether it is a paragraph.
    pub(crate) is_paragraph: bool,
}

/// A code block as it stands in the document.
#[derive(Debug)]
pub(crate) struct RawCode {
    /// From the opening fence's first character to the closing fence's last.
    pub(crate) span: Span,
    /// The opening fence's line (for indented code, the first line), without indentation.
    pub(crate) opening: Span,
    /// What stands after the opening fence's characters; `None`: indented code.
    pub(crate) info: Option<Span>,
    /// The lines between the fences.
    pub(crate) lines: Vec<RawLine>,
    /// Whether there is a closing fence (always for indented code).
    pub(crate) is_closed: bool,
    /// The paragraph immediately before, if there is one.
    pub(crate) paragraph: Option<Span>,
}

/// A line without the prefix of the list items and quotes around it, and without its line ending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawLine {
    /// Spaces before it that the document has only as a part of a tab.
    pub(crate) indent: usize,
    /// The rest of the line.
    pub(crate) span: Span,
}

/// Reads the document from byte `base` on.
pub(crate) fn elements(source: &str, base: usize) -> Vec<Element> {
    let mut scan = Scan::new(source, base);
    let parser = Parser::new_ext(&source[base..], Options::empty());
    for (event, range) in parser.into_offset_iter() {
        scan.event(&event, range.start + base..range.end + base);
    }
    scan.elements
}

/// For every code block from byte `base` on, in order, what stands after its opening fence's characters; `None`: its
/// code is indented.
pub(crate) fn infos(source: &str, base: usize) -> impl Iterator<Item = Option<Span>> {
    let parser = Parser::new_ext(&source[base..], Options::empty());
    parser
        .into_offset_iter()
        .filter_map(move |(event, range)| match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => Some(None),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                let opening = Span::new(range.start + base, range.end + base).first_line(source);
                Some(info(source, opening))
            }
            _ => None,
        })
}

/// What stands after the characters of the fence that opens on this line.
fn info(source: &str, opening: Span) -> Option<Span> {
    let text = opening.text(source);
    let marker = text.chars().next()?;
    let length = text.len() - text.trim_start_matches(marker).len();
    Some(Span::new(opening.start() + length, opening.end()).trimmed(source))
}

struct Scan<'s> {
    source: &'s str,
    elements: Vec<Element>,
    /// The lines of the code or HTML block being read.
    lines: Option<Lines>,
    /// Whether the code block being read has fences.
    is_fenced: bool,
    leaf: Leaf,
    /// The paragraph that ended last, if nothing came after it.
    paragraph: Option<Range<usize>>,
    /// Running text up to here has been searched for `<!--`.
    searched: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    /// Between blocks, or in the text of a tight list's item.
    None,
    Paragraph,
    Heading,
}

impl<'s> Scan<'s> {
    fn new(source: &'s str, base: usize) -> Self {
        Self {
            source,
            elements: Vec::new(),
            lines: None,
            is_fenced: false,
            leaf: Leaf::None,
            paragraph: None,
            searched: base,
        }
    }

    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                self.is_fenced = matches!(kind, CodeBlockKind::Fenced(_));
                self.lines = Some(Lines::default());
            }
            Event::Start(Tag::HtmlBlock) => self.lines = Some(Lines::default()),
            Event::End(TagEnd::CodeBlock) => self.end_code(range),
            Event::End(TagEnd::HtmlBlock) => self.end_html(),
            Event::Start(Tag::Paragraph) => {
                self.content(&range, true);
                self.leaf = Leaf::Paragraph;
            }
            Event::End(TagEnd::Paragraph) => {
                self.leaf = Leaf::None;
                self.paragraph = Some(range);
            }
            Event::Start(Tag::Heading { .. }) => {
                self.content(&range, false);
                self.leaf = Leaf::Heading;
                self.paragraph = None;
            }
            Event::End(TagEnd::Heading(_)) => self.leaf = Leaf::None,
            Event::Start(Tag::Item) | Event::Rule => {
                self.content(&range, false);
                self.paragraph = None;
            }
            Event::Start(Tag::List(_) | Tag::BlockQuote(_))
            | Event::End(TagEnd::List(_) | TagEnd::Item | TagEnd::BlockQuote(_)) => {
                self.paragraph = None;
            }
            Event::Text(text) | Event::Html(text) if self.lines.is_some() => {
                if let Some(lines) = &mut self.lines {
                    lines.push(self.source, text, range);
                }
            }
            Event::InlineHtml(_) => self.inline_html(range),
            Event::Text(_) => {
                self.text(&range);
                self.inline(range);
            }
            _ => self.inline(range),
        }
    }

    /// Anything in running text; in a tight list's item it stands for a paragraph.
    fn inline(&mut self, range: Range<usize>) {
        if self.leaf == Leaf::None {
            self.content(&range, false);
            match &mut self.paragraph {
                Some(paragraph) => paragraph.end = paragraph.end.max(range.end),
                None => self.paragraph = Some(range),
            }
        }
    }

    fn inline_html(&mut self, range: Range<usize>) {
        let mut lines = Lines::default();
        lines.push(self.source, "", range.clone());
        self.inline(range);
        self.elements.push(Element::Html(lines.finish()));
    }

    /// Looks for `<!--` that the Markdown parser took for text. It may come in pieces.
    fn text(&mut self, range: &Range<usize>) {
        let from = range.start.max(self.searched);
        let limit = (range.end + 3).min(self.source.len());
        let bytes = &self.source.as_bytes()[from.min(limit)..limit];
        for (at, window) in bytes.windows(4).enumerate() {
            let start = from + at;
            let is_escaped = start > 0 && self.source.as_bytes()[start - 1] == b'\\';
            if window == b"<!--" && !is_escaped {
                let opener = Span::new(start, start + 4);
                self.elements.push(Element::OpenerInText(opener));
            }
        }
        self.searched = range.end;
    }

    fn content(&mut self, range: &Range<usize>, is_paragraph: bool) {
        if !matches!(self.elements.last(), Some(Element::Content(_))) {
            let span = Span::new(range.start, range.end);
            self.elements
                .push(Element::Content(Content { span, is_paragraph }));
        }
    }

    fn end_html(&mut self) {
        self.paragraph = None;
        let lines = self.lines.take().unwrap_or_default().finish();
        self.elements.push(Element::Html(lines));
    }

    fn end_code(&mut self, range: Range<usize>) {
        let lines = self.lines.take().unwrap_or_default().finish();
        let paragraph = self.paragraph.take();
        let whole = Span::new(range.start, range.end).trimmed_end(self.source);
        let opening = whole.first_line(self.source);
        let info = if self.is_fenced {
            info(self.source, opening)
        } else {
            None
        };
        let body_end = lines.last().map_or(opening.end(), |line| line.span.end());
        let after_body = Span::new(body_end, whole.end()).text(self.source);
        self.elements.push(Element::Code(RawCode {
            span: whole,
            opening,
            info,
            lines,
            is_closed: info.is_none() || after_body.contains("```") || after_body.contains("~~~"),
            paragraph: paragraph.map(|range| Span::new(range.start, range.end)),
        }));
    }
}

/// Collects the lines of a code or HTML block from the parser's pieces.
#[derive(Debug, Default)]
struct Lines {
    complete: Vec<RawLine>,
    /// Spaces the parser made up before the line that comes.
    indent: usize,
    open: Option<Range<usize>>,
}

impl Lines {
    /// Takes a piece; one that stands nowhere in the document is indentation.
    fn push(&mut self, source: &str, text: &str, range: Range<usize>) {
        if range.is_empty() {
            self.indent += text.len();
            return;
        }
        let mut start = range.start;
        for piece in source[range].split_inclusive('\n') {
            let end = start + piece.len();
            let line = self.open.get_or_insert(start..start);
            if piece.ends_with('\n') {
                line.end = line.end.max(end - 1);
                self.close();
            } else {
                line.end = end;
            }
            start = end;
        }
    }

    fn close(&mut self) {
        if let Some(line) = self.open.take() {
            self.complete.push(RawLine {
                indent: std::mem::take(&mut self.indent),
                span: Span::new(line.start, line.end),
            });
        }
    }

    fn finish(mut self) -> Vec<RawLine> {
        self.close();
        self.complete
    }
}
