//! The three roles as processes: what they answer, and what they do when one of them dies.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod answers;
mod claims;
mod faults;
mod lab;
mod traces;
