//! From the elements of a document to its blocks: names, descriptions, and which comment belongs to which block.

use crate::{
    Block, Diagnostic, FrontMatter, Language, LineIndex, Runbook, Span,
    attach::Attachment,
    attributes::{Attributes, Info, flag, parse_info},
    code,
    comments::CommentKind,
    comments::first_word,
    description::describe,
    expect::{self, Expectations},
    front_matter::{self, Reading},
    markdown::{self, Element, RawCode},
    names::{self, NameCounter},
    plan::check_needs,
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

/// How many blocks [`runbook`] gives, without reading what they hold.
pub(crate) fn block_count(source: &str) -> usize {
    let reading = front_matter::read(source);
    if reading.front_matter.is_session_record {
        return 0;
    }
    markdown::infos(source, reading.content)
        .filter(|info| {
            let info = info.map_or_else(Info::default, |span| parse_info(source, span));
            !is_dropped(info.language, &info.attributes)
        })
        .count()
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
            let (expectations, found) = expect::parse(self.source, &lines);
            block.expectations = expectations;
            diagnostics.extend(found);
        }
        let mut runbook = Runbook {
            front_matter,
            blocks,
            diagnostics,
            line_starts: self.line_index.into_starts(),
        };
        runbook.diagnostics.extend(check_needs(&runbook));
        runbook
            .diagnostics
            .extend(expect::check_captures(&runbook.blocks));
        let found = expect::check_sources(&runbook);
        runbook.diagnostics.extend(found);
        runbook
            .diagnostics
            .sort_by_key(|diagnostic| diagnostic.span);
        runbook
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

/// Whether a block is neither listed nor run.
fn is_dropped(language: &str, attributes: &Attributes) -> bool {
    match (flag(attributes, "transform"), flag(attributes, "ignore")) {
        (Some(transform), _) => !transform,
        (None, Some(ignore)) => ignore,
        (None, None) => language == "mermaid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FENCE: &str = "```sh {\"name\": \"a\"}\nx\n```\n";

    /// For every block the lines of the comments that belong to it.
    fn claims(source: &str) -> Vec<Vec<&str>> {
        let mut assembly = Assembly::new(source, Vec::new());
        for element in markdown::elements(source, 0) {
            assembly.element(element);
        }
        let (claims, diagnostics) = assembly.attachment.finish();
        assert!(diagnostics.is_empty(), "{source}: {diagnostics:?}");
        let text = |lines: Vec<Span>| lines.iter().map(|line| line.text(source)).collect();
        claims.into_iter().map(text).collect()
    }

    /// Claims below one block.
    #[track_caller]
    fn check(after: &str, expected: &[&str]) {
        let source = format!("{FENCE}{after}");
        assert_eq!(claims(&source), [expected], "{source}");
    }

    #[test]
    fn a_comment_below_a_fence_claims() {
        check(
            "<!-- expect\nexit == 0\nstdout contains \"x\"\n-->\n",
            &["exit == 0", "stdout contains \"x\""],
        );
        check("<!-- expect json $.a == 1 -->", &["json $.a == 1"]);
        check(
            "<!-- expect exit == 0\n\n  stdout exists\n-->\ntext",
            &["exit == 0", "stdout exists"],
        );
        check("<!--expect exit == 0-->\n", &["exit == 0"]);
        check("<!--\nexpect\nexit == 0\n-->\n", &["exit == 0"]);
        check("\n\n\n  <!-- expect exit == 0 -->\n", &["exit == 0"]);
        check("<!-- expect\r\nexit == 0\r\n\r\n-->\r\n", &["exit == 0"]);
    }

    #[test]
    fn several_comments_merge_and_ordinary_ones_do_not_separate() {
        check(
            "<!-- expect exit == 0 -->\n\n<!-- note -->\n<!-- expect stdout exists -->\n",
            &["exit == 0", "stdout exists"],
        );
        check(
            "<!-- note --> <!-- expect exit == 0 --> <!-- more -->\n",
            &["exit == 0"],
        );
    }

    #[test]
    fn a_comment_may_stand_inside_or_outside_the_list_or_quote() {
        let in_list = "- step\n\n  ```sh\n  x\n  ```\n";
        for comment in [
            "  <!-- expect exit == 0 -->\n",
            "<!-- expect exit == 0 -->\n",
            "\n\n<!-- expect\nexit == 0\n-->\n",
            "  <!-- expect\n  exit == 0\n  -->\n",
            "\n  <!-- expect\n  exit == 0\n\n  -->\n- next\n",
        ] {
            assert_eq!(
                claims(&format!("{in_list}{comment}")),
                [["exit == 0"]],
                "{comment}"
            );
        }
        let quoted = "> ```sh\n> x\n> ```\n";
        for comment in [
            "> <!-- expect exit == 0 -->\n",
            ">\n> <!-- expect\n> exit == 0\n>\n> -->\n",
            "\n<!-- expect exit == 0 -->\n",
            "\n> <!-- expect exit == 0 -->\n",
        ] {
            assert_eq!(
                claims(&format!("{quoted}{comment}")),
                [["exit == 0"]],
                "{comment}"
            );
        }
        let nested = "1. a\n   > - ```sh\n   >   x\n   >   ```\n   >   <!-- expect\n   >   exit == 0\n   >   -->\n";
        assert_eq!(claims(nested), [["exit == 0"]]);
    }

    #[test]
    fn every_block_has_its_own_claims() {
        let source = format!(
            "{FENCE}<!-- expect exit == 1 -->\n\n```sh\ny\n```\n\n    z\n\n<!-- expect exit == 2 -->\n"
        );
        let expected: [&[&str]; 3] = [&["exit == 1"], &[], &["exit == 2"]];
        assert_eq!(claims(&source), expected);
    }
}
