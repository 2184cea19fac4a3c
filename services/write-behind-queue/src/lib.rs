//! The queue between the write-behind lab's API and its worker, all of it in Redis.
//!
//! | key | holds |
//! |---|---|
//! | `cache:product:<id>` | the product as it was last written or read |
//! | `write_behind:queue` | entries that wait, oldest first |
//! | `write_behind:processing` | entries that the worker has claimed, in the same order |
//! | `write_behind:dlq` | dead letters, oldest first |
//! | `write_behind:coalescing:<id>` | the text of the update that waits, while further ones may join it |
//! | `write_behind:place:<id>` | its place: its index, and as many as have left the head of the queue |
//! | `write_behind:taken` | how many have left it |
//! | `write_behind:deleted:<id>` | a delete that has been acknowledged |
//! | `write_behind:pending` | for each id, its entries that are not in the database yet |
//! | `write_behind:owner` | the worker that may claim |
//!
//! Whatever is wiped there is gone: neither side keeps another copy. What must happen in one step is a script,
//! and each script may run twice, as a client does that has lost the answer.

mod consumer;
mod entry;
mod keys;
mod producer;
mod timestamp;

pub use consumer::{Claim, Consumer, Settled};
pub use entry::{DeadLetter, Entry, Malformed, Operation, Product};
pub use keys::{DEAD_LETTERS, ORIGINS, PENDING, PROCESSING, QUEUE};
pub use producer::{Cached, Enqueued, Producer, Window};
pub use timestamp::{unix_seconds, utc};
