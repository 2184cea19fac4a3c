//! The products in Redis.

mod contents;
mod products;
mod scripts;

pub(crate) use products::{Cache, CacheError, Lookup};
