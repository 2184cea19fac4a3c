//! A disk in memory whose power can be cut: what a test of durability runs on.
//!
//! [`SimulatedDisk`] keeps [`Disk`](crate::wal::Disk)'s promises and not one more. What a power cut leaves is drawn from a
//! seed, so that whatever goes wrong goes wrong again.

mod disk;
mod faults;
mod file;
mod folder;

pub use disk::{SimulatedDisk, SimulatedFile};
pub use faults::{Fault, Plan};
