//! The service on real stores: its contract, its races, its faults, its binary.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod binary;
mod faults;
mod lab;
mod products;
mod queue;
mod through;
mod traces;
