//! What the services' tests share: calling a service without a socket, running it on stores of its own, and
//! running its binary.
//!
//! What one service alone promises is left to its own tests.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "in a test a panic is the message"
)]

mod answer;
pub mod binary;
mod collector;
mod lab;
mod process;
mod relay;
mod until;

pub use answer::{Answer, call, send};
pub use collector::Collector;
pub use lab::{Lab, Service, is_healthy};
pub use process::{Program, Running, trace_id};
pub use relay::Relay;
pub use until::{PATIENCE, until, within};
