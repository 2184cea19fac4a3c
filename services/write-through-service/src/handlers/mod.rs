//! One function for each route.

pub(crate) mod cache;
pub(crate) mod health;
pub(crate) mod items;
