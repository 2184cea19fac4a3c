//! A stream as kept: head and tail up to a limit, the middle counted, in constant memory.

use std::collections::VecDeque;

/// Bytes kept of the beginning of a stream, and as many of its end.
const KEPT_BYTES: usize = 512 << 10;

/// A stream as kept: head and tail up to a limit, the middle counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes.
    pub head: Vec<u8>,
    /// Bytes between head and tail that were not kept.
    pub omitted_bytes: u64,
    /// The last bytes; empty while everything fits in the head.
    pub tail: Vec<u8>,
}

/// Keeps a stream while it comes.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    omitted_bytes: u64,
}

impl Keeper {
    /// Keeps what there is room for.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = KEPT_BYTES - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        // Of one push, more than a tail cannot stay.
        let (lost, rest) = rest.split_at(rest.len().saturating_sub(KEPT_BYTES));
        let overflow = (self.tail.len() + rest.len()).saturating_sub(KEPT_BYTES);
        self.tail.drain(..overflow);
        self.tail.extend(rest);
        self.omitted_bytes += (lost.len() + overflow) as u64;
    }

    /// What was kept.
    pub(super) fn into_captured(self) -> Captured {
        Captured {
            head: self.head,
            omitted_bytes: self.omitted_bytes,
            tail: self.tail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_whole() {
        let mut keeper = Keeper::default();
        keeper.push(b"one ");
        keeper.push(b"two\xff");
        let expected = Captured {
            head: b"one two\xff".to_vec(),
            omitted_bytes: 0,
            tail: Vec::new(),
        };
        assert_eq!(keeper.into_captured(), expected);
    }

    #[test]
    fn of_a_flood_head_and_tail_are_kept_and_the_middle_is_counted() {
        let bytes: Vec<u8> = (0..3 << 20)
            .map(|n: u32| b'a' + u8::try_from(n % 26).unwrap())
            .collect();
        let mut small = Keeper::default();
        bytes.chunks(1000).for_each(|chunk| small.push(chunk));
        let small = small.into_captured();
        assert_eq!(small.head, bytes[..KEPT_BYTES]);
        assert_eq!(small.tail, bytes[bytes.len() - KEPT_BYTES..]);
        assert_eq!(small.omitted_bytes, (bytes.len() - 2 * KEPT_BYTES) as u64);
        let mut large = Keeper::default();
        large.push(&bytes);
        assert_eq!(large.into_captured(), small);
    }
}
