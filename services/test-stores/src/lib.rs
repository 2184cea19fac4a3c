//! Real Redis and PostgreSQL servers for tests: plain processes on free loopback ports, with folders of
//! their own, that can be stopped, paused and started again. Whatever happens to the test, they end with it.
//!
//! The servers come from the Debian packages `redis-server` and `postgresql`; without them a test fails
//! and says so.

mod postgres;
mod process;
mod redis;
mod store;
mod template;

pub use postgres::{Postgres, Transaction};
pub use redis::Redis;
