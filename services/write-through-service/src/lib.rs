//! Items in PostgreSQL, each of them written through to a copy in Redis: the database first, the cache
//! second, and reads from the cache first. Without Redis the database does it all.
//!
//! Acknowledged writes are what every reader sees. Three things hold that up: a copy is stored only if it is
//! not older than what Redis has heard of (`cache`); a copy that could not be stored or dropped is *owed*,
//! and its item read from the database until that is made up for (`owed`); and a Redis that was not seen
//! to live on since (another run of it, or a start of ours) owes everything.
//!
//! [`app`] is the whole HTTP interface over an [`AppState`]; `main.rs` only reads the configuration.

mod app;
mod cache;
mod config;
mod database;
mod handlers;
mod item;
mod metrics;
mod observe;
mod owed;
mod payment;
mod state;

pub use app::app;
pub use config::Config;
pub use state::{AppState, StartError};
