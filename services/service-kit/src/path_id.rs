//! The `{id}` of a path.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

/// Characters that an id's column holds.
const MAX_CHARACTERS: usize = 36;

/// The id that a path names, percent-decoded.
///
/// Any text can be an id; a row's has 36 characters at most, see [`PathId::storable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathId(Option<String>);

impl PathId {
    /// The id, if it decodes to text.
    pub fn text(self) -> Option<String> {
        self.0
    }

    /// The id, if a row can have it: it is not too long and holds no NUL.
    pub fn storable(self) -> Option<String> {
        self.0
            .filter(|id| !id.contains('\0') && id.chars().count() <= MAX_CHARACTERS)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(id.ok().map(|Path(id)| id)))
    }
}
