//! A stream as kept: bounded while it comes, text when it is judged.

use std::collections::VecDeque;

use labctl_runbook::Output;

/// Bytes kept of a stream's beginning, and as many of its end.
const HALF_BYTES: usize = 512 * 1024;

/// A stream as kept: head and tail up to a limit, the middle counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most 512 KiB.
    pub head: Vec<u8>,
    /// Bytes between head and tail that were not kept.
    pub omitted_bytes: u64,
    /// The last bytes, at most 512 KiB; empty while everything fits in the head.
    pub tail: Vec<u8>,
}

impl Captured {
    /// The text to judge: other bytes than UTF-8 replaced, terminal escapes removed, `\r\n` read as a line end, and of
    /// a line that was drawn over (`10%\r50%\r100%`) only what stands there last. A gap is a line that says so.
    pub fn text(&self) -> Output {
        if self.omitted_bytes == 0 {
            let mut whole = self.head.clone();
            whole.extend_from_slice(&self.tail);
            return Output {
                text: plain(&String::from_utf8_lossy(&whole)),
                omitted_bytes: 0,
            };
        }
        let head = plain(&String::from_utf8_lossy(without_cut_end(&self.head)));
        let tail = plain(&String::from_utf8_lossy(without_cut_start(&self.tail)));
        Output::cut(&head, self.omitted_bytes, &tail)
    }
}

/// Collects a stream in constant memory.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    head: Vec<u8>,
    omitted_bytes: u64,
    tail: VecDeque<u8>,
}

impl Keeper {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let to_head = bytes.len().min(HALF_BYTES - self.head.len());
        self.head.extend_from_slice(&bytes[..to_head]);
        let rest = &bytes[to_head..];
        let kept = &rest[rest.len().saturating_sub(HALF_BYTES)..];
        let too_many = (self.tail.len() + kept.len()).saturating_sub(HALF_BYTES);
        self.tail.drain(..too_many);
        self.tail.extend(kept);
        self.omitted_bytes += (rest.len() - kept.len() + too_many) as u64;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    pub(super) fn finish(self) -> Captured {
        Captured {
            head: self.head,
            omitted_bytes: self.omitted_bytes,
            tail: self.tail.into(),
        }
    }
}

/// Drops the beginning of a character whose rest was not kept.
fn without_cut_end(bytes: &[u8]) -> &[u8] {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let needed = match bytes[at] {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => return bytes,
        };
        return if needed > back { &bytes[..at] } else { bytes };
    }
    bytes
}

/// Drops the rest of a character whose beginning was not kept.
fn without_cut_start(bytes: &[u8]) -> &[u8] {
    let cut = bytes
        .iter()
        .take(3)
        .take_while(|byte| matches!(byte, 0x80..=0xBF))
        .count();
    &bytes[cut..]
}

fn plain(text: &str) -> String {
    let text = without_escapes(text).replace("\r\n", "\n");
    if !text.contains('\r') {
        return text;
    }
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            line.rsplit('\r')
                .find(|part| !part.is_empty())
                .unwrap_or_default()
        })
        .collect();
    lines.join("\n")
}

/// Removes what a terminal would obey and not show (ECMA-48): `ESC [ … final`, `ESC ] … BEL` and two-character ones.
/// (The crate `strip-ansi-escapes` drops tabs as well.)
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{7}' => {}
            '\u{1b}' => match rest.next() {
                Some('[') => {
                    rest.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
                }
                Some(']' | 'P' | '_' | '^') => {
                    let mut last = ' ';
                    rest.by_ref().find(|&c| {
                        let ends = c == '\u{7}' || (last == '\u{1b}' && c == '\\');
                        last = c;
                        ends
                    });
                }
                Some('(' | ')' | '#') => {
                    rest.next();
                }
                _ => {}
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], text: &str) {
        let mut keeper = Keeper::default();
        keeper.push(bytes);
        assert_eq!(keeper.finish().text().text, text);
    }

    #[test]
    fn what_a_terminal_would_obey_is_removed() {
        check(b"\x1b[1;32mok\x1b[0m\tdone\n", "ok\tdone\n");
        check(b"\x1b]0;title\x07text", "text");
        check(b"\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link");
        check(b"\x1b", "");
    }

    #[test]
    fn a_line_drawn_over_shows_what_stands_there_last() {
        check(b"10%\r50%\r100%\nend\r\n", "100%\nend\n");
        check(b"100%\r", "100%");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        check(b"a\xffb", "a\u{fffd}b");
    }

    #[test]
    fn the_middle_is_counted_and_no_character_is_cut() {
        let mut keeper = Keeper::default();
        keeper.push(b"x");
        for _ in 0..HALF_BYTES {
            keeper.push("äöü".as_bytes());
        }
        let captured = keeper.finish();
        assert_eq!(captured.head.len(), HALF_BYTES);
        assert_eq!(captured.tail.len(), HALF_BYTES);
        assert_eq!(
            captured.omitted_bytes,
            (1 + 6 * HALF_BYTES - 2 * HALF_BYTES) as u64
        );
        let text = captured.text().text;
        assert!(!text.contains('\u{fffd}'));
        assert!(text.contains("\n… 2097153 bytes not kept …\n"));
    }

    #[test]
    fn one_large_piece_is_kept_as_many_small_ones() {
        let bytes: Vec<u8> = (0..3 * HALF_BYTES)
            .map(|n| u8::try_from(n % 251).unwrap())
            .collect();
        let (mut whole, mut pieces) = (Keeper::default(), Keeper::default());
        whole.push(&bytes);
        bytes.chunks(999).for_each(|piece| pieces.push(piece));
        assert_eq!(whole.finish(), pieces.finish());
    }
}
