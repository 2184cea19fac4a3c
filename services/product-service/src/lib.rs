//! A product catalogue in PostgreSQL behind a cache in Redis that is filled lazily: reads fill it on a
//! miss, writes touch only the database and then drop the cache key.
//!
//! [`app`] is the whole HTTP interface over an [`AppState`]; `main.rs` only reads the configuration.

mod app;
mod cache;
mod config;
mod database;
mod handlers;
mod invalidation;
mod metrics;
mod observe;
mod product;
mod query;
mod state;

pub use app::app;
pub use config::Config;
pub use state::{AppState, StartError};
