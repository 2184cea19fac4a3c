//! A Redis that is asked for a bounded time, whatever is wrong with it.

mod client;
mod keys;
mod script;

pub use client::{RedisClient, RedisClientError};
pub use script::{Arguments, Script};
