//! Which comment belongs to which block: the fence before it, with nothing between that a reader sees.

use crate::{
    Diagnostic, Span,
    comments::{self, Comment, CommentKind, Ending, Piece},
    markdown::{Content, RawLine},
};

/// Follows the document from block to comment.
#[derive(Debug)]
pub(crate) struct Attachment<'s> {
    source: &'s str,
    /// What a comment would belong to.
    above: Above,
    /// Whether nothing came since the last comment that claims.
    is_after_claims: bool,
    /// For each listed block, the lines of the comments below it.
    claims: Vec<Vec<Span>>,
    diagnostics: Vec<Diagnostic>,
}

/// What stands above a comment, blank lines and other comments aside.
#[derive(Debug, Clone, Copy)]
enum Above {
    /// No block so far.
    Nothing,
    /// The last of the listed blocks.
    Block,
    /// A block that is not listed.
    DroppedBlock,
    /// A block, then something else.
    Content,
}

impl<'s> Attachment<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self {
            source,
            above: Above::Nothing,
            is_after_claims: false,
            claims: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// For each listed block the claim lines below it, and what is wrong with comments.
    pub(crate) fn finish(self) -> (Vec<Vec<Span>>, Vec<Diagnostic>) {
        (self.claims, self.diagnostics)
    }

    /// A listed block ends here.
    pub(crate) fn block(&mut self) {
        self.claims.push(Vec::new());
        self.above = Above::Block;
        self.is_after_claims = false;
    }

    /// A block that is not listed ends here.
    pub(crate) fn dropped_block(&mut self) {
        self.above = Above::DroppedBlock;
        self.is_after_claims = false;
    }

    /// Something else that a reader sees.
    pub(crate) fn content(&mut self, content: Content) {
        if self.is_after_claims && content.is_paragraph {
            self.check_second_ending(content.span);
        }
        self.is_after_claims = false;
        if !matches!(self.above, Above::Nothing) {
            self.above = Above::Content;
        }
    }

    /// A run of HTML.
    pub(crate) fn html(&mut self, html: &[RawLine]) {
        for piece in comments::pieces(self.source, html) {
            match piece {
                Piece::Comment(comment) => self.comment(comment),
                Piece::Other(span) => self.content(Content {
                    span,
                    is_paragraph: false,
                }),
            }
        }
    }

    /// `<!--` in running text: a comment that Markdown does not see, because it is not closed.
    pub(crate) fn opener_in_text(&mut self, opener: Span) {
        // Enough for the word: a line may be as long as the document, and full of openers.
        let limit = self.source.floor_char_boundary(opener.end() + 64);
        let rest = Span::new(opener.end(), limit).first_line(self.source);
        let (kind, _) = comments::first_word(rest.text(self.source));
        if kind != CommentKind::Ordinary {
            let place = Span::new(opener.start(), rest.end());
            self.diagnostics.push(unclosed(place));
        }
    }

    fn comment(&mut self, comment: Comment) {
        match comment.kind {
            CommentKind::Ordinary => {
                if comment.ending == Ending::Unclosed {
                    let message = "this comment is never closed: all that follows is in it";
                    self.diagnostics.push(
                        Diagnostic::warning("unclosed-comment", comment.opener, message)
                            .with_help("end it with `-->`"),
                    );
                }
                if let Ending::TextAfter(span) = comment.ending {
                    self.content(Content {
                        span,
                        is_paragraph: false,
                    });
                }
            }
            CommentKind::NearlyExpect => {
                let words: Vec<_> = comment
                    .opener
                    .text(self.source)
                    .split_whitespace()
                    .collect();
                let opener = words.join(" ");
                let message = format!("`{opener}` does not open an expectation comment");
                self.diagnostics.push(
                    Diagnostic::error("unknown-comment", comment.opener, message).with_help(
                        "did you mean `<!-- expect`? if it claims nothing, begin it with another word",
                    ),
                );
            }
            CommentKind::Expect => self.expect(comment),
        }
    }

    fn expect(&mut self, comment: Comment) {
        self.is_after_claims = true;
        let Comment {
            opener,
            mut lines,
            ending,
            ..
        } = comment;
        let is_empty = lines.is_empty();
        match ending {
            Ending::Clean => {}
            Ending::Unclosed => {
                self.diagnostics.push(unclosed(opener));
                return;
            }
            Ending::TextAfter(rest) => self.text_after(&mut lines, rest),
        }
        if let Some(problem) = self.unattached() {
            let help = "move it right below the fence it speaks of";
            self.diagnostics
                .push(Diagnostic::error("unattached-comment", opener, problem).with_help(help));
        }
        if is_empty {
            let message = "this expectation comment claims nothing";
            self.diagnostics
                .push(Diagnostic::warning("empty-comment", opener, message));
        }
        if let (Above::Block, Some(claims)) = (self.above, self.claims.last_mut()) {
            claims.append(&mut lines);
        }
    }

    /// Text after `-->` on its line: the comment ended inside a claim, or somebody forgot a line break.
    fn text_after(&mut self, lines: &mut Vec<Span>, rest: Span) {
        let is_within_claim = lines
            .last()
            .is_some_and(|line| line.end() < rest.start() && self.is_one_line(*line, rest));
        let diagnostic = if is_within_claim {
            // What is left of the claim would only be called unfinished.
            let claim = lines.pop().unwrap_or(rest);
            let place = Span::new(claim.start(), rest.end());
            Diagnostic::error(
                "comment-cut-short",
                place,
                "`-->` ends the comment in the middle of this claim",
            )
            .with_help("in a string write `--\\u003e`, in a regular expression `--[>]`")
        } else {
            Diagnostic::error(
                "text-after-comment",
                rest,
                "text after the `-->` of an expectation comment",
            )
            .with_help("begin a new line after `-->`")
        };
        self.diagnostics.push(diagnostic);
    }

    fn is_one_line(&self, before: Span, after: Span) -> bool {
        let between = Span::new(before.end(), after.start());
        !between.text(self.source).contains('\n')
    }

    fn unattached(&self) -> Option<&'static str> {
        match self.above {
            Above::Block => None,
            Above::Nothing => Some("no block stands above this expectation comment"),
            Above::DroppedBlock => {
                Some("the block above this expectation comment is left out of the runbook")
            }
            Above::Content => Some(
                "something else stands between this expectation comment and the block above it",
            ),
        }
    }

    /// A line `-->` right after a comment that has ended already: what stands between was meant to be claims.
    fn check_second_ending(&mut self, paragraph: Span) {
        let text = paragraph.text(self.source);
        let is_ending = |line: &&str| {
            line.trim_start_matches(|c: char| c == '>' || c.is_whitespace())
                .trim_end()
                == "-->"
        };
        if text.lines().any(|line| is_ending(&line)) {
            let message = "this was meant to be in the comment above, which has ended already";
            self.diagnostics.push(
                Diagnostic::error(
                    "comment-cut-short",
                    paragraph.first_line(self.source),
                    message,
                )
                .with_help("in a string write `--\\u003e`, in a regular expression `--[>]`"),
            );
        }
    }
}

fn unclosed(place: Span) -> Diagnostic {
    let message = "this expectation comment is never closed";
    Diagnostic::error("unclosed-comment", place, message)
        .with_help("end it with `-->`; within a list item or quote, indent all its lines alike")
}
