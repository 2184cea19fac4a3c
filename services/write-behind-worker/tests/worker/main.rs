//! The worker's binary on real stores: what it does to the queue, and what kills, outages and poison do to it.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod binary;
mod drain;
mod failures;
mod kills;
mod lab;
mod outages;
mod proxy;
mod races;
mod traces;
