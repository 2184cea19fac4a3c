//! The names of the keys, and how long they live.

/// Entries that wait.
pub const QUEUE: &str = "write_behind:queue";
/// Entries that the worker has claimed.
pub const PROCESSING: &str = "write_behind:processing";
/// Dead letters.
pub const DEAD_LETTERS: &str = "write_behind:dlq";
/// For each id, its entries that are not in the database yet.
pub const PENDING: &str = "write_behind:pending";
/// For the SHA-1 of an entry's text, the `traceparent` of the span that queued it, where there was one.
pub const ORIGINS: &str = "write_behind:origins";
/// How many entries have left the head of the queue: an entry's place is that and its index, for as long as it waits.
pub(crate) const TAKEN: &str = "write_behind:taken";
pub(crate) const OWNER: &str = "write_behind:owner";
pub(crate) const CACHE_PREFIX: &str = "cache:product:";
const MARKER_PREFIX: &str = "write_behind:coalescing:";
const PLACE_PREFIX: &str = "write_behind:place:";
pub(crate) const TOMBSTONE_PREFIX: &str = "write_behind:deleted:";

/// How long a product stays cached once the database has it.
pub(crate) const CACHE_SECONDS: u32 = 3600;
/// Well above the longest request: no reader that saw the row is still there to cache it.
pub(crate) const TOMBSTONE_SECONDS: u32 = 60;

pub(crate) fn cache(id: &str) -> String {
    format!("{CACHE_PREFIX}{id}")
}

pub(crate) fn marker(id: &str) -> String {
    format!("{MARKER_PREFIX}{id}")
}

pub(crate) fn place(id: &str) -> String {
    format!("{PLACE_PREFIX}{id}")
}

pub(crate) fn tombstone(id: &str) -> String {
    format!("{TOMBSTONE_PREFIX}{id}")
}
