//! The write-behind lab's worker: it looks at the queue once a second and brings what waits to PostgreSQL, a batch in
//! one statement, in the one session that may write.
//!
//! An entry leaves Redis only when the database has it, or when it is kept as a dead letter. A database that is away
//! costs no attempts: what is claimed waits again, in its order. The queue itself is [`write_behind_queue`]'s.

mod attempts;
mod backoff;
mod batch;
mod config;
mod http;
mod interruption;
mod metrics;
mod session;
mod stop;
mod worker;
mod writer;

pub use batch::Batch;
pub use config::{Config, FailureRate, NoFailureRate};
pub use session::{Failure, Session, SessionError};
pub use worker::Worker;
