//! The store: the contents, one thread that writes, two behind its back.
//!
//! ```text
//!  requests ──queue──▶ writer ──jobs──▶ checkpoint thread   (writes snapshots)
//!     │                 │  ▲  ──jobs──▶ file thread         (makes spare segments, removes needless ones)
//!     ▼                 ▼  └────reports────┘
//!   reads ◀── view: contents and figures
//! ```
//!
//! The writer takes all that wait as one group: one write, one sync, then the contents, then the answers. Nobody sees
//! a write before it is as durable as it will be. A lone write is a group of one and waits for nobody.

mod background;
mod checkpointing;
mod clearing;
mod group;
mod guard;
mod handle;
mod open;
mod replay;
mod request;
mod shared_folder;
mod view;
mod writer;

pub use guard::StoreGuard;
pub use handle::Store;
pub use open::{OpenError, StoreOptions};
pub use request::{CheckpointRefused, ReadLog, WriteRefused};
pub use view::{LogFigures, Stats};
