//! What a block's commands are like to run: endless, interactive, harmful; what they do to the lab; what they need.
//!
//! Only what is plainly written counts. A wrong alarm would skip a block that works, so doubt speaks for the block.

mod compose;
mod endless;
mod finding;
mod harmful;
mod interactive;
mod names;
mod needed;
#[cfg(test)]
mod tests;

pub(crate) use compose::{ComposeUse, compose_use, takes_long};
pub(crate) use finding::{endless, harmful, interactive};
pub(crate) use harmful::made_by;
pub use names::ComposeNames;
pub use needed::{NeededCommand, commands_needed};
