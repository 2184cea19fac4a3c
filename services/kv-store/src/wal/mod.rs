//! A write-ahead log and its checkpoint, on a disk that may fail.
//!
//! Everything here is synchronous and generic over [`Disk`]; threads, queues and the contents are the caller's.

mod disk;
mod lock;
mod real_disk;

pub use disk::{Disk, DiskFile};
pub use lock::{FolderLock, LockError};
pub use real_disk::{RealDisk, RealFile};
