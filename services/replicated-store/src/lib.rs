//! A primary that takes all writes, replicas that follow it after a delay, and a client that measures how far behind
//! they are.
//!
//! [`protocol`] decides, without a clock or a network.

pub mod protocol;
