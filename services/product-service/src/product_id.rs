//! The `{id}` of a path.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use service_kit::ApiError;

/// Characters that the column holds.
const MAX_CHARACTERS: usize = 36;

/// A product's id as it stands in the path, percent-decoded.
///
/// Any text is an id for the cache; the database holds only some, see [`ProductId::storable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductId(Option<String>);

impl ProductId {
    /// The id, if it decodes to text.
    ///
    /// # Errors
    /// 404, as no product has such an id.
    pub(crate) fn text(self) -> Result<String, ApiError> {
        self.0.ok_or_else(not_found)
    }

    /// The id, if a row can have it.
    ///
    /// # Errors
    /// 404 for an id that is too long or holds a NUL.
    pub(crate) fn storable(self) -> Result<String, ApiError> {
        let id = self.text()?;
        if id.contains('\0') || id.chars().count() > MAX_CHARACTERS {
            return Err(not_found());
        }
        Ok(id)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ProductId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(id.ok().map(|Path(id)| id)))
    }
}

/// The answer for a product that is not there.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Product not found")
}
