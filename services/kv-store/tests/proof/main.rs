//! The proof that no acknowledged write is lost: the log on a disk that stops, tears, fails and lies, against a model.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![expect(clippy::print_stderr, reason = "a history tells what it does")]

mod histories;
mod linear;
mod machine;
mod model;
mod script;
mod steps;
mod store;
