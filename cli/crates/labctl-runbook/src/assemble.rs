//! From the elements of a document to its blocks: names, descriptions, and which comment belongs to which block.

use crate::{
    Block, Diagnostic, FrontMatter, Language, LineIndex, Runbook, Span,
    attach::Attachment,
    attributes::{Attributes, Info, flag, parse_info},
    code,
    comments::CommentKind,
    comments::first_word,
    description::describe,
    expect::Expectations,
    front_matter::{self, Reading},
    markdown::{self, Element, RawCode},
    names::{self, NameCounter},
};

/// Reads a whole document.
pub(crate) fn runbook(source: &str) -> Runbook {
    let Reading {
        front_matter,
        diagnostics,
        content,
    } = front_matter::read(source);
    let mut assembly = Assembly::new(source, diagnostics);
    if !front_matter.is_session_record {
        for element in markdown::elements(source, content) {
            assembly.element(element);
        }
    }
    assembly.finish(front_matter)
}

struct Assembly<'s> {
    source: &'s str,
    line_index: LineIndex<'s>,
    names: NameCounter,
    blocks: Vec<Block>,
    attachment: Attachment<'s>,
    diagnostics: Vec<Diagnostic>,
}

impl<'s> Assembly<'s> {
    fn new(source: &'s str, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            source,
            line_index: LineIndex::new(source),
            names: NameCounter::default(),
            blocks: Vec::new(),
            attachment: Attachment::new(source),
            diagnostics,
        }
    }

    fn element(&mut self, element: Element) {
        match element {
            Element::Code(raw) => self.code(&raw),
            Element::Html(html) => self.attachment.html(&html),
            Element::Content(content) => self.attachment.content(content),
            Element::OpenerInText(opener) => self.attachment.opener_in_text(opener),
        }
    }

    fn finish(self, front_matter: FrontMatter) -> Runbook {
        let mut blocks = self.blocks;
        let mut diagnostics = self.diagnostics;
        let (claims, found) = self.attachment.finish();
        diagnostics.extend(found);
        for (block, lines) in blocks.iter_mut().zip(claims) {
            let (expectations, found) = claims_of(self.source, &lines);
            block.expectations = expectations;
            diagnostics.extend(found);
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        Runbook {
            front_matter,
            blocks,
            diagnostics,
        }
    }

    fn code(&mut self, raw: &RawCode) {
        let source = self.source;
        let info = raw
            .info
            .map_or_else(Info::default, |span| parse_info(source, span));
        self.diagnostics.extend(info.warnings);
        self.check_ending(raw);
        let code = code::clean(source, &raw.lines);
        let first_command = names::first_command(&code.text);
        let explicit = info.attributes.get("name").filter(|name| !name.is_empty());
        let line = self.line_index.line(raw.opening.start());
        let name = match explicit {
            Some(name) => self.names.take(name, line),
            None => self.names.take(&names::slug(first_command), line),
        };
        if let (Some(explicit), Some(first)) = (explicit, name.first_line) {
            let message = format!(
                "the name `{explicit}` is taken by the block on line {first}: this one is `{}`",
                name.name
            );
            self.diagnostics
                .push(Diagnostic::warning("duplicate-name", raw.opening, message));
        }
        if is_dropped(info.language, &info.attributes) {
            self.attachment.dropped_block();
            return;
        }
        let block = Block {
            name: name.name,
            is_named: explicit.is_some(),
            language: Language::from_word(info.language),
            first_command: first_command.trim_end().to_owned(),
            attributes: info.attributes,
            code: code.text,
            code_lines: code.lines,
            description: raw
                .paragraph
                .map(|span| describe(span.text(source)))
                .unwrap_or_default(),
            span: raw.span,
            opening: raw.opening,
            line,
            expectations: Expectations::default(),
        };
        self.blocks.push(block);
        self.attachment.block();
    }

    /// Code that ends with its container, and a comment that is code.
    fn check_ending(&mut self, raw: &RawCode) {
        let opens_claims = |line: &Span| {
            let text = line.text(self.source).trim_start();
            text.strip_prefix("<!--")
                .is_some_and(|rest| first_word(rest).0 != CommentKind::Ordinary)
        };
        let mut lines = raw.lines.iter().map(|line| line.span);
        if raw.info.is_none() {
            if let Some(line) = lines.next().filter(opens_claims) {
                let message = "four spaces make code of this expectation comment";
                self.diagnostics.push(
                    Diagnostic::error("unattached-comment", line.trimmed(self.source), message)
                        .with_help("indent it by at most three spaces"),
                );
            }
        } else if !raw.is_closed {
            let message = "this fence is never closed";
            let help = "close it with as many characters as open it, on a line of their own";
            let diagnostic = if lines.any(|line| opens_claims(&line)) {
                let message = format!("{message}, and has swallowed an expectation comment");
                Diagnostic::error("unclosed-fence", raw.opening, message)
            } else {
                Diagnostic::warning("unclosed-fence", raw.opening, message)
            };
            self.diagnostics.push(diagnostic.with_help(help));
        }
    }
}

/// What the comments below a block say.
fn claims_of(_source: &str, _lines: &[Span]) -> (Expectations, Vec<Diagnostic>) {
    (Expectations::default(), Vec::new())
}

/// Whether a block is neither listed nor run.
fn is_dropped(language: &str, attributes: &Attributes) -> bool {
    match (flag(attributes, "transform"), flag(attributes, "ignore")) {
        (Some(transform), _) => !transform,
        (None, Some(ignore)) => ignore,
        (None, None) => language == "mermaid",
    }
}
