//! Finds where something that was opened is closed, whatever is nested in it.

/// What was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    /// `$(` or `(` around commands.
    Commands,
    /// `((` or one parenthesis inside it: no comments, no here-documents.
    Arithmetic,
    /// `${`.
    Parameter,
    /// `"`.
    Quote,
    /// `` ` ``.
    Backtick,
}

/// The position of what closes `opened`, looking from `position` (just after the opening); `end` if nothing does.
pub(super) fn closing(code: &str, position: usize, end: usize, opened: Opened) -> usize {
    Skipper {
        bytes: &code.as_bytes()[..end],
        position,
        open: vec![opened],
        quotes: usize::from(opened == Opened::Quote),
        here_documents: Vec::new(),
    }
    .run()
}

struct Skipper<'a> {
    bytes: &'a [u8],
    position: usize,
    open: Vec<Opened>,
    /// How many of `open` are quotes.
    quotes: usize,
    here_documents: Vec<HereDocument>,
}

/// A here-document whose body follows the current line.
#[derive(Debug, Clone)]
pub(super) struct HereDocument {
    /// The line that ends it.
    pub(super) delimiter: String,
    /// `<<-`: leading tabs do not count.
    pub(super) strips_tabs: bool,
    /// The delimiter is quoted: nothing is expanded in the body.
    pub(super) is_quoted: bool,
}

impl HereDocument {
    /// Where the body that begins at `position` ends, and where the line after its delimiter begins.
    pub(super) fn body_end(&self, bytes: &[u8], position: usize) -> (usize, usize) {
        let mut start = position;
        while start < bytes.len() {
            let stop = line_end(bytes, start);
            let mut line = &bytes[start..stop];
            while self.strips_tabs && line.first() == Some(&b'\t') {
                line = &line[1..];
            }
            let next = (stop + 1).min(bytes.len());
            if line == self.delimiter.as_bytes() {
                return (start, next);
            }
            start = next;
        }
        (bytes.len(), bytes.len())
    }
}

/// The position of the newline at or after `position`, or the end.
pub(super) fn line_end(bytes: &[u8], position: usize) -> usize {
    bytes[position..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |offset| position + offset)
}

impl Skipper<'_> {
    fn run(mut self) -> usize {
        while let Some(&byte) = self.bytes.get(self.position) {
            let Some(&innermost) = self.open.last() else {
                return self.position;
            };
            if Self::closes(byte, innermost) {
                self.open.pop();
                self.quotes -= usize::from(innermost == Opened::Quote);
                if self.open.is_empty() {
                    return self.position;
                }
                self.position += 1;
            } else {
                self.step(byte, innermost);
            }
        }
        self.bytes.len()
    }

    const fn closes(byte: u8, innermost: Opened) -> bool {
        matches!(
            (byte, innermost),
            (b')', Opened::Commands | Opened::Arithmetic)
                | (b'}', Opened::Parameter)
                | (b'"', Opened::Quote)
                | (b'`', Opened::Backtick)
        )
    }

    /// Passes over one thing that does not close the innermost opening.
    fn step(&mut self, byte: u8, innermost: Opened) {
        let next = self.bytes.get(self.position + 1).copied();
        let is_code = innermost == Opened::Commands;
        match byte {
            b'\\' => self.position += 2,
            _ if innermost == Opened::Backtick => self.position += 1,
            b'\'' if is_code || (innermost == Opened::Parameter && self.quotes == 0) => {
                let close = self.bytes[self.position + 1..]
                    .iter()
                    .position(|byte| *byte == b'\'');
                self.position = close.map_or(self.bytes.len(), |offset| self.position + offset + 2);
            }
            b'"' => self.enter(Opened::Quote, 1),
            b'`' => self.enter(Opened::Backtick, 1),
            b'$' if next == Some(b'{') => self.enter(Opened::Parameter, 2),
            b'$' if next == Some(b'(') => {
                if self.bytes.get(self.position + 2) == Some(&b'(') {
                    self.enter(Opened::Arithmetic, 2);
                    self.enter(Opened::Arithmetic, 1);
                } else {
                    self.enter(Opened::Commands, 2);
                }
            }
            b'(' if matches!(innermost, Opened::Commands | Opened::Arithmetic) => {
                self.enter(innermost, 1);
            }
            b'#' if is_code && self.is_at_word_start() => {
                self.position = line_end(self.bytes, self.position);
            }
            b'<' if is_code && next == Some(b'<') => self.here_document(),
            b'\n' if !self.here_documents.is_empty() => {
                self.position += 1;
                for document in std::mem::take(&mut self.here_documents) {
                    self.position = document.body_end(self.bytes, self.position).1;
                }
            }
            _ => self.position += 1,
        }
        self.position = self.position.min(self.bytes.len());
    }

    fn enter(&mut self, opened: Opened, length: usize) {
        self.quotes += usize::from(opened == Opened::Quote);
        self.open.push(opened);
        self.position += length;
    }

    fn is_at_word_start(&self) -> bool {
        self.position == 0
            || matches!(
                self.bytes[self.position - 1],
                b' ' | b'\t' | b'\n' | b';' | b'(' | b'|' | b'&'
            )
    }

    fn here_document(&mut self) {
        let mut rest = self.position + 2;
        if self.bytes.get(rest) == Some(&b'<') {
            self.position = rest + 1;
            return;
        }
        let strips_tabs = self.bytes.get(rest) == Some(&b'-');
        rest += usize::from(strips_tabs);
        while self.bytes.get(rest) == Some(&b' ') {
            rest += 1;
        }
        let start = rest;
        while self
            .bytes
            .get(rest)
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !b";&|()<>".contains(byte))
        {
            rest += 1;
        }
        let written = String::from_utf8_lossy(&self.bytes[start..rest]);
        let delimiter: String = written
            .chars()
            .filter(|character| !matches!(character, '"' | '\'' | '\\'))
            .collect();
        if !delimiter.is_empty() {
            self.here_documents.push(HereDocument {
                delimiter,
                strips_tabs,
                is_quoted: false,
            });
        }
        self.position = rest.max(self.position + 2);
    }
}
