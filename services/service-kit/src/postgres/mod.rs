//! A pool of PostgreSQL connections on which a service's own statements are prepared.

mod error;
mod pool;
mod session;

pub use error::PostgresError;
pub use pool::{PoolSettings, PostgresPool, StatementParameters};
pub use session::{SessionId, Statements};
