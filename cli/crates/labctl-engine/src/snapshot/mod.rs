//! Accepted outputs on disk, in insta's format.

mod compare;
mod digest;
mod error;
mod file;
mod folder;
mod pending;
mod record;

pub use digest::of_code as code_digest;
pub use error::SnapshotError;
pub use file::SnapshotFile;
pub use folder::SnapshotFolder;
pub use pending::{PendingSnapshot, pending_in};
pub use record::{Recorded, record};

pub(crate) use compare::compare;
