//! The service without a socket: its contract, its limits, its faults.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod admin;
mod faults;
mod gate;
mod keys;
mod lab;
mod limits;
mod metrics;
mod recovery;
mod writers;
