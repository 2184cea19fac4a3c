//! The products in Redis.

mod client;
mod contents;
mod scripts;

pub(crate) use client::{Cache, CacheError, Lookup};
