//! The runtime against the real engine: small labs of an image made here, each with names and ports of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod asking;
mod claims;
mod contract;
mod fixture;
mod messages;
mod readiness;
mod teardown;
