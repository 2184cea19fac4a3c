//! Where a state stands among all states.

/// The order of states: the later epoch is newer, within an epoch the higher version.
///
/// No two states have the same stamp, but for those of version 0: they are all empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Of the primary that made the state: milliseconds since 1970 at its start or its last reset, or higher where
    /// that would not be new, see [`Origin`]. 0 is before every primary.
    pub epoch: u64,
    /// Writes the state has taken.
    pub version: u64,
}

impl Stamp {
    /// Whether two states hold the same: they are one, or both are empty.
    pub fn is_same_state(self, other: Self) -> bool {
        self == other || (self.version == 0 && other.version == 0)
    }

    /// Whether a state certainly has the write that made `write`.
    ///
    /// Across epochs this can not be told from stamps: a write may have been lost between them.
    pub fn includes(self, write: Self) -> bool {
        self.epoch == write.epoch && self.version >= write.version
    }
}

/// Where one start of a primary takes its epochs from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// Milliseconds since 1970.
    pub clock_ms: u64,
    /// Random, and another at each start: the clock may have gone back, and then two starts that have seen the same
    /// must not choose the same epoch.
    pub salt: u16,
}

impl Origin {
    /// An epoch above `seen`: the clock's, if it is.
    pub(super) fn epoch_above(self, seen: u64) -> u64 {
        if self.clock_ms > seen {
            self.clock_ms
        } else {
            seen + 1 + u64::from(self.salt)
        }
    }
}

/// A state and its place in the order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot<T> {
    /// Its place.
    pub stamp: Stamp,
    /// What is in it.
    pub contents: T,
}
