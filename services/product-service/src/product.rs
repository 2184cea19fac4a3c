//! A product, as it is cached and as it is answered.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use service_kit::ApiError;

/// One product; the cache holds exactly this.
///
/// ```json
/// {"id": "prod-001", "name": "Wireless Mouse", "description": null, "price": 29.99,
///  "created_at": "2024-05-01T12:00:00.123456", "updated_at": "2024-05-01T12:00:00.123456"}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    // Without this an entry that lacks the field would pass for one that says null.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) description: Option<String>,
    pub(crate) price: f64,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// A product and where it came from.
#[derive(Debug, Serialize)]
pub(crate) struct ProductAnswer {
    #[serde(flatten)]
    pub(crate) product: Product,
    pub(crate) cache_status: Option<CacheStatus>,
}

/// What the cache had to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CacheStatus {
    /// Read from the cache.
    Hit,
    /// Not in the cache; read from the database.
    Miss,
    /// The cache could not be used; the database was.
    Error,
    /// Written to the database, dropped from the cache.
    Invalidated,
}

impl CacheStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Error => "error",
            Self::Invalidated => "invalidated",
        }
    }
}

/// The answer for a product that is not there.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Product not found")
}
