//! Shell code cut into words and operators, with what is expanded in the words.

use std::ops::Range;

use super::{
    skip::{HereDocument, Opened, closing, line_end},
    word::{VariableUse, Word, name_length},
};

/// What stands next in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(Word),
    /// A redirection and its target; only what it does to standard input matters here.
    Redirection {
        feeds_stdin: bool,
    },
    Operator(Operator),
    End,
}

/// What separates commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Newline,
    Semicolon,
    /// `;;`, `;&`, `;;&`.
    CaseEnd,
    Background,
    And,
    Or,
    Pipe,
    Open,
    Close,
}

/// Code inside a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nested {
    pub(super) range: Range<usize>,
    /// Commands, as in `$(…)`; otherwise text in which expansions count, as in `$((…))`.
    pub(super) is_commands: bool,
}

/// Reads the tokens of a part of the code.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    code: &'a str,
    bytes: &'a [u8],
    position: usize,
    here_documents: Vec<HereDocument>,
    /// Code found inside the words read so far; the caller takes it.
    pub(super) nested: Vec<Nested>,
    /// Variables read so far; the caller takes them.
    pub(super) variables: Vec<VariableUse>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(code: &'a str, range: Range<usize>) -> Self {
        Self {
            code,
            bytes: &code.as_bytes()[..range.end],
            position: range.start,
            here_documents: Vec::new(),
            nested: Vec::new(),
            variables: Vec::new(),
        }
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.position + ahead).copied()
    }

    /// Whether a parenthesis closes right here, blanks aside; if so it is passed over.
    pub(super) fn take_closing(&mut self) -> bool {
        let blanks = self.bytes[self.position..]
            .iter()
            .take_while(|byte| **byte == b' ')
            .count();
        let is_closing = self.peek(blanks) == Some(b')');
        if is_closing {
            self.position += blanks + 1;
        }
        is_closing
    }

    /// After one `(`: if another follows, passes over the whole `((…))` and gives what is in it.
    pub(super) fn take_arithmetic(&mut self) -> Option<Range<usize>> {
        if self.peek(0) != Some(b'(') {
            return None;
        }
        let start = self.position + 1;
        let stop = closing(self.code, start, self.bytes.len(), Opened::Arithmetic);
        self.position = (stop + 1).min(self.bytes.len());
        if self.peek(0) == Some(b')') {
            self.position += 1;
        }
        self.nested.push(Nested {
            range: start..stop,
            is_commands: false,
        });
        Some(start..stop)
    }

    pub(super) fn next(&mut self) -> Token {
        self.skip_blanks();
        let Some(byte) = self.peek(0) else {
            return Token::End;
        };
        match byte {
            b'\n' => {
                self.position += 1;
                self.skip_here_documents();
                Token::Operator(Operator::Newline)
            }
            b';' => {
                let length = self.bytes[self.position..]
                    .iter()
                    .skip(1)
                    .take(2)
                    .take_while(|byte| matches!(byte, b';' | b'&'))
                    .count();
                let operator = if length == 0 {
                    Operator::Semicolon
                } else {
                    Operator::CaseEnd
                };
                self.operator(operator, length + 1)
            }
            b'&' => match self.peek(1) {
                Some(b'&') => self.operator(Operator::And, 2),
                Some(b'>') => self.redirection(1),
                _ => self.operator(Operator::Background, 1),
            },
            b'|' => match self.peek(1) {
                Some(b'|') => self.operator(Operator::Or, 2),
                Some(b'&') => self.operator(Operator::Pipe, 2),
                _ => self.operator(Operator::Pipe, 1),
            },
            b'(' => self.operator(Operator::Open, 1),
            b')' => self.operator(Operator::Close, 1),
            b'<' | b'>' if self.peek(1) != Some(b'(') => self.redirection(0),
            b'0'..=b'9' => {
                let digits = self.bytes[self.position..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                if matches!(self.peek(digits), Some(b'<' | b'>')) {
                    self.redirection(digits)
                } else {
                    Token::Word(self.word())
                }
            }
            _ => Token::Word(self.word()),
        }
    }

    fn operator(&mut self, operator: Operator, length: usize) -> Token {
        self.position += length;
        Token::Operator(operator)
    }

    /// Passes over blanks, joined lines and comments.
    fn skip_blanks(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t' | b'\r'), _) => self.position += 1,
                (Some(b'\\'), Some(b'\n')) => self.position += 2,
                (Some(b'#'), _) => self.position = line_end(self.bytes, self.position),
                _ => return,
            }
        }
    }

    /// A redirection whose operator begins `prefix` bytes further on (a descriptor's digits, or `&`).
    fn redirection(&mut self, prefix: usize) -> Token {
        let descriptor = self.code.get(self.position..self.position + prefix);
        self.position += prefix;
        let start = self.position;
        while self.position - start < 3 && matches!(self.peek(0), Some(b'<' | b'>')) {
            self.position += 1;
        }
        let is_here_document = self.position - start == 2 && self.bytes[start] == b'<';
        let strips_tabs = is_here_document && self.peek(0) == Some(b'-');
        if strips_tabs || matches!(self.peek(0), Some(b'&' | b'|')) {
            self.position += 1;
        }
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.position += 1;
        }
        let has_target = self
            .peek(0)
            .is_some_and(|byte| !b"\n;&|()<>".contains(&byte) || self.peek(1) == Some(b'('));
        if has_target {
            let target = self.word();
            if is_here_document {
                self.here_documents.push(HereDocument {
                    delimiter: target.text,
                    strips_tabs,
                    is_quoted: target.is_quoted,
                });
            }
        }
        Token::Redirection {
            feeds_stdin: self.bytes[start] == b'<' && matches!(descriptor, Some("" | "0")),
        }
    }

    fn skip_here_documents(&mut self) {
        for document in std::mem::take(&mut self.here_documents) {
            let (stop, next) = document.body_end(self.bytes, self.position);
            if !document.is_quoted {
                self.nested.push(Nested {
                    range: self.position..stop,
                    is_commands: false,
                });
            }
            self.position = next;
        }
    }

    /// Notes the expansions in the rest of the text, as in a double-quoted string.
    pub(super) fn read_expansions(&mut self) {
        let mut ignored = Word::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.position += 2,
                b'$' => self.dollar(&mut ignored, true),
                b'`' => self.backtick(&mut ignored),
                _ => self.position += 1,
            }
        }
    }

    fn word(&mut self) -> Word {
        let start = self.position;
        let mut word = Word::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'<' | b'>' => {
                    let is_substitution = self.peek(1) == Some(b'(')
                        && (self.position == start || word.text.ends_with('='));
                    if !is_substitution {
                        break;
                    }
                    word.has_expansion = true;
                    self.parenthesised(&mut word, 2, Opened::Commands, true);
                }
                b'(' => {
                    let is_array = word.assigns.is_some() && word.text.ends_with('=');
                    let is_pattern = !word.is_quoted && word.text.ends_with(['?', '*', '+', '@']);
                    if !is_array && !is_pattern {
                        break;
                    }
                    self.parenthesised(&mut word, 1, Opened::Commands, false);
                }
                b'\\' => self.escape(&mut word),
                b'\'' => self.single_quoted(&mut word, start),
                b'"' => self.double_quoted(&mut word),
                b'$' => self.dollar(&mut word, false),
                b'`' => self.backtick(&mut word),
                _ => self.plain(byte, &mut word),
            }
        }
        if self.position == start {
            // Nothing that can begin a word, such as a lone `)` where a target was expected.
            self.position += 1;
        }
        self.position = self.position.min(self.bytes.len());
        word.range = start..self.position;
        if word.text == "{" || word.text == "{}" || word.text == "[" || word.text == "[[" {
            word.has_pattern = false;
        }
        word
    }

    /// One unquoted character.
    fn plain(&mut self, byte: u8, word: &mut Word) {
        match byte {
            b'*' | b'?' | b'[' | b'{' => word.has_pattern = true,
            b'=' if word.assigns.is_none() && !word.is_quoted && !word.has_expansion => {
                word.assigns = assigned_length(&word.text);
            }
            _ => {}
        }
        self.push_character(word);
    }

    fn push_character(&mut self, word: &mut Word) {
        let character = self
            .code
            .get(self.position..)
            .and_then(|rest| rest.chars().next());
        match character {
            Some(character) if self.position + character.len_utf8() <= self.bytes.len() => {
                word.text.push(character);
                self.position += character.len_utf8();
            }
            _ => self.position += 1,
        }
    }

    fn escape(&mut self, word: &mut Word) {
        self.position += 1;
        if self.peek(0) == Some(b'\n') {
            self.position += 1;
            return;
        }
        word.is_quoted = true;
        if self.peek(0).is_some() {
            self.push_character(word);
        }
    }

    fn single_quoted(&mut self, word: &mut Word, word_start: usize) {
        let is_first = self.position == word_start;
        let content = self.position + 1;
        let stop = self.bytes[content..]
            .iter()
            .position(|byte| *byte == b'\'')
            .map_or(self.bytes.len(), |offset| content + offset);
        word.text.push_str(&self.code[content..stop]);
        word.is_quoted = true;
        self.position = (stop + 1).min(self.bytes.len());
        word.is_verbatim = is_first
            && stop < self.bytes.len()
            && self
                .peek(0)
                .is_none_or(|byte| b" \t\r\n;&|()<>".contains(&byte));
    }

    fn double_quoted(&mut self, word: &mut Word) {
        word.is_quoted = true;
        self.position += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.position += 1;
                    return;
                }
                b'\\' => match self.peek(1) {
                    Some(b'\n') => self.position += 2,
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        self.position += 1;
                        self.push_character(word);
                    }
                    _ => self.push_character(word),
                },
                b'$' => self.dollar(word, true),
                b'`' => self.backtick(word),
                _ => self.push_character(word),
            }
        }
    }

    fn backtick(&mut self, word: &mut Word) {
        word.has_expansion = true;
        self.parenthesised(word, 1, Opened::Backtick, true);
    }

    /// Passes over something that opens with `length` bytes here, keeping it in the text as written.
    fn parenthesised(&mut self, word: &mut Word, length: usize, opened: Opened, is_commands: bool) {
        let start = self.position;
        let content = (start + length).min(self.bytes.len());
        let stop = closing(self.code, content, self.bytes.len(), opened);
        self.nested.push(Nested {
            range: content..stop,
            is_commands,
        });
        self.position = (stop + 1).min(self.bytes.len());
        word.text.push_str(&self.code[start..self.position]);
    }

    fn dollar(&mut self, word: &mut Word, is_in_quotes: bool) {
        match self.peek(1) {
            Some(b'(') if self.peek(2) == Some(b'(') => {
                word.has_expansion = true;
                let start = self.position;
                self.position += 2;
                self.take_arithmetic();
                word.text.push_str(&self.code[start..self.position]);
            }
            Some(b'(') => {
                word.has_expansion = true;
                self.parenthesised(word, 2, Opened::Commands, true);
            }
            Some(b'{') => self.braced_variable(word, is_in_quotes),
            Some(b'\'') if !is_in_quotes => self.ansi_quoted(word),
            Some(b'"') if !is_in_quotes => {
                self.position += 1;
                self.double_quoted(word);
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let start = self.position;
                let length = name_length(&self.code[start + 1..self.bytes.len()]);
                self.position = start + 1 + length;
                self.variable(word, start, start + 1..start + 1 + length, false);
                word.text.push_str(&self.code[start..self.position]);
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?$!-".contains(&byte) => {
                word.has_expansion = true;
                word.text
                    .push_str(&self.code[self.position..self.position + 2]);
                self.position += 2;
            }
            _ => self.push_character(word),
        }
    }

    fn variable(&mut self, word: &mut Word, start: usize, name: Range<usize>, has_default: bool) {
        word.has_expansion = true;
        self.variables.push(VariableUse {
            name: self.code[name].to_owned(),
            range: start..self.position,
            has_default,
        });
    }

    fn braced_variable(&mut self, word: &mut Word, is_in_quotes: bool) {
        word.has_expansion = true;
        let start = self.position;
        let content = start + 2;
        // In a quoted string a single quote inside the braces means nothing; looking from the quote says so.
        let inside = if is_in_quotes {
            quoted_parameter_end(self.code, content, self.bytes.len())
        } else {
            closing(self.code, content, self.bytes.len(), Opened::Parameter)
        };
        self.position = (inside + 1).min(self.bytes.len());
        let name_start = content
            + self.bytes[content..inside]
                .iter()
                .take_while(|byte| matches!(byte, b'#' | b'!'))
                .count();
        let name = name_start..name_start + name_length(&self.code[name_start..inside]);
        let operator = self.code[name.end..inside].trim_start_matches(':');
        let has_default = operator.starts_with(['-', '=', '?', '+']);
        if !name.is_empty() {
            self.variable(word, start, name.clone(), has_default);
        }
        self.nested.push(Nested {
            range: name.end..inside,
            is_commands: false,
        });
        word.text.push_str(&self.code[start..self.position]);
    }

    /// `$'…'`.
    fn ansi_quoted(&mut self, word: &mut Word) {
        word.is_quoted = true;
        self.position += 2;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\'' => {
                    self.position += 1;
                    return;
                }
                b'\\' if self.peek(1).is_some() => {
                    self.position += 1;
                    self.push_character(word);
                }
                _ => self.push_character(word),
            }
        }
    }
}

/// Where `${…}` inside a double-quoted string ends.
fn quoted_parameter_end(code: &str, content: usize, end: usize) -> usize {
    let bytes = &code.as_bytes()[..end];
    let mut position = content;
    while let Some(&byte) = bytes.get(position) {
        match byte {
            b'}' => return position,
            b'\\' => position += 2,
            b'"' => position = closing(code, position + 1, end, Opened::Quote) + 1,
            b'$' if bytes.get(position + 1) == Some(&b'{') => {
                position = closing(code, position + 2, end, Opened::Parameter) + 1;
            }
            b'$' if bytes.get(position + 1) == Some(&b'(') => {
                position = closing(code, position + 2, end, Opened::Commands) + 1;
            }
            _ => position += 1,
        }
    }
    end
}

/// How much of the text before an `=` is a variable's name.
fn assigned_length(text: &str) -> Option<usize> {
    let length = name_length(text);
    let rest = &text[length..];
    let is_assignment =
        rest.is_empty() || rest == "+" || (rest.starts_with('[') && rest.ends_with(']'));
    (length > 0 && is_assignment).then_some(length)
}
