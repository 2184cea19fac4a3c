//! What the routes do.

pub(crate) mod admin;
pub(crate) mod health;
pub(crate) mod products;
