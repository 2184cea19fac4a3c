//! Products whose writes are acknowledged from Redis: cache and queue change in one step, and the worker brings them
//! to PostgreSQL later. What is acknowledged and not flushed is in Redis and nowhere else; this process keeps nothing.
//!
//! With `WRITE_BEHIND_ENABLED=false` writes go to PostgreSQL first and to the cache after it, for comparison.
//!
//! [`app`] is the whole HTTP interface over an [`AppState`]; `main.rs` only reads the configuration.

mod app;
mod config;
mod database;
mod handlers;
mod metrics;
mod observe;
mod product;
mod state;
mod writes;

pub use app::app;
pub use config::Config;
pub use state::{AppState, StartError};
