//! The binary as a container runs it: killed, stopped, started on what it cannot use.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod client;
mod full;
mod history;
mod kill;
mod server;
mod start;
mod stop;
mod traces;
mod unsynced;
