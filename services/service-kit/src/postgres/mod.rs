//! A pool of PostgreSQL connections on which a service's own statements are prepared.

mod error;
mod pool;
mod session;

pub use error::PostgresError;
pub use pool::{Parameters, PoolSettings, PostgresPool};
pub use session::{SessionId, Statements};
