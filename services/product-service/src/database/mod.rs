//! The products in PostgreSQL.

mod error;
mod products;
mod session;

pub(crate) use error::DatabaseError;
pub(crate) use products::Database;
pub(crate) use session::SessionId;
