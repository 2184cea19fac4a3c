//! What the write-behind lab's worker does to PostgreSQL: one session that is the only one to write, and a
//! batch of the queue's entries in one statement.

mod batch;
mod session;

pub use batch::Batch;
pub use session::{Failure, Session, SessionError};
