//! Finds where a JSON value ends, without keeping it.

/// How deep arrays and objects may nest: what `serde_json` reads.
const MAX_DEPTH: usize = 127;

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    /// The text ends in the middle of it.
    CutShort,
    /// It nests deeper than anyone prints.
    TooDeep,
    /// It is not JSON from this byte on.
    NotJson(usize),
}

/// One past the last byte of the object or array that begins at `start`. Reads no byte twice.
pub(super) fn end_of_value(text: &str, start: usize) -> Result<usize, Defect> {
    let mut skim = Skim {
        bytes: text.as_bytes(),
        at: start,
    };
    skim.value(0)?;
    Ok(skim.at)
}

struct Skim<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Skim<'_> {
    fn value(&mut self, depth: usize) -> Result<(), Defect> {
        match self.next_byte()? {
            b'{' | b'[' if depth == MAX_DEPTH => Err(Defect::TooDeep),
            b'{' => self.members(b'}', depth, |skim| {
                skim.next_byte()?;
                skim.string()?;
                skim.next_byte()?;
                skim.need(b':')
            }),
            b'[' => self.members(b']', depth, |_| Ok(())),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word(),
        }
    }

    /// The members of an object or array; `name` reads what stands before each value.
    fn members(
        &mut self,
        close: u8,
        depth: usize,
        name: fn(&mut Self) -> Result<(), Defect>,
    ) -> Result<(), Defect> {
        self.at += 1;
        if self.next_byte()? == close {
            self.at += 1;
            return Ok(());
        }
        loop {
            name(self)?;
            self.value(depth + 1)?;
            if self.next_byte()? == close {
                self.at += 1;
                return Ok(());
            }
            self.need(b',')?;
        }
    }

    fn string(&mut self) -> Result<(), Defect> {
        self.need(b'"')?;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                0..0x20 => return Err(Defect::NotJson(self.at)),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Defect> {
        let kind = self.peek()?;
        if !b"\"\\/bfnrtu".contains(&kind) {
            return Err(Defect::NotJson(self.at));
        }
        self.at += 1;
        if kind == b'u' {
            for _ in 0..4 {
                if !self.peek()?.is_ascii_hexdigit() {
                    return Err(Defect::NotJson(self.at));
                }
                self.at += 1;
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Defect> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Defect> {
        if !self.peek()?.is_ascii_digit() {
            return Err(Defect::NotJson(self.at));
        }
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), Defect> {
        let rest = &self.bytes[self.at..];
        for word in ["null", "true", "false"] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(());
            }
            if word.as_bytes().starts_with(rest) {
                return Err(Defect::CutShort);
            }
        }
        Err(Defect::NotJson(self.at))
    }

    fn peek(&self) -> Result<u8, Defect> {
        self.bytes.get(self.at).copied().ok_or(Defect::CutShort)
    }

    /// The next byte that is not blank.
    fn next_byte(&mut self) -> Result<u8, Defect> {
        while matches!(self.peek()?, b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
        self.peek()
    }

    fn need(&mut self, byte: u8) -> Result<(), Defect> {
        if self.peek()? != byte {
            return Err(Defect::NotJson(self.at));
        }
        self.at += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<usize, Defect>) {
        assert_eq!(end_of_value(text, 0), expected, "{text}");
        if expected.is_ok() {
            assert!(serde_json::from_str::<serde_json::Value>(text.trim_end_matches(" x")).is_ok());
        }
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        for text in [
            "{}",
            "[ ]",
            "{\"a\": [1, -2.5e+3, 0], \"b\": {\"c\": null}}",
            "[\"\\\"\\u00e9é\", true, false]",
        ] {
            check(text, Ok(text.len()));
            check(&format!("{text} x"), Ok(text.len()));
        }
        check(&format!("{}{}", "[".repeat(127), "]".repeat(127)), Ok(254));
    }

    #[test]
    fn what_breaks_it_is_told() {
        for text in [
            "[",
            "[1,",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\\",
            "[\"\\u0",
            "[tru",
            "[1.",
            "[-",
            "[1e",
            "{\"a\":1,",
        ] {
            check(text, Err(Defect::CutShort));
        }
        for (text, place) in [
            ("[1 2]", 3),
            ("[1,]", 3),
            ("{a: 1}", 1),
            ("{\"a\":'b'}", 5),
            ("[\"a\nb\"]", 3),
            ("[\"\\x\"]", 3),
            ("[01]", 2),
            ("[INFO] x", 1),
        ] {
            check(text, Err(Defect::NotJson(place)));
        }
        check(&"[".repeat(100_000), Err(Defect::TooDeep));
    }
}
