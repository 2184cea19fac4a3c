//! A primary that takes all writes, replicas that follow it after a delay, and a client that measures how far behind
//! they are.
//!
//! [`protocol`] decides, without a clock or a network; [`primary`], [`replica`] and [`client`] are the three roles
//! that the binary can have, told by its [`Config`].

pub mod client;
mod clock;
mod config;
mod contents;
mod input;
mod peer;
pub mod primary;
pub mod protocol;
pub mod replica;

pub use config::{ClientConfig, Config, PrimaryConfig, ReplicaConfig, Role};
