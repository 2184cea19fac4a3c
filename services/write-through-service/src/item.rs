//! An item, as it is cached and as it is answered.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;

/// One item; the cache holds exactly this.
///
/// ```json
/// {"id": "550e8400-e29b-41d4-a716-446655440001", "name": "Widget A", "description": null, "price": 29.99,
///  "created_at": "2024-05-01T12:00:00.123456", "updated_at": "2024-05-01T12:00:00.123456"}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) name: String,
    // Without this an entry that lacks the field would pass for one that says null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) description: Option<String>,
    pub(crate) price: f64,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// A row as it was at one instant.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) item: Item,
    /// `updated_at` in microseconds since 1970: grows with every write of the row.
    pub(crate) version: i64,
}

/// What the cache had to do with a read; the header `X-Cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheStatus {
    /// Read from the cache.
    Hit,
    /// Not in the cache; read from the database.
    Miss,
    /// The cache could not be used, or not be trusted; the database was.
    Bypass,
}

impl CacheStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Bypass => "BYPASS",
        }
    }
}

/// The answer for an item that is not there.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Item not found")
}
