//! The front matter: where it stands, what it says.

mod defaults;
mod extent;
mod node;
mod read;
mod settings;
#[cfg(test)]
mod tests;
mod yaml;

pub(crate) use read::{Reading, read};
pub use settings::{Defaults, FrontMatter, MetricsPage, SessionKind};
