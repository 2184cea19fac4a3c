//! The items' copies in Redis.

mod items;
mod link;
mod scripts;

pub(crate) use items::{Cache, CacheError, Lookup, Stored};
