//! An optional bearer token in front of a group of routes.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::ApiError;

/// The token that callers of administrative routes must send; without one the routes are open.
#[derive(Clone, Default)]
pub struct AdminToken(Option<String>);

impl AdminToken {
    /// A token to ask for; `None` leaves the routes open.
    pub fn new(token: Option<&str>) -> Self {
        Self(token.map(str::to_owned))
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0 else {
            return true;
        };
        let sent = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().split_at_checked("Bearer ".len()))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
            .map(|(_, sent)| sent);
        sent.is_some_and(|sent| is_equal(sent, token.as_bytes()))
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "not set" })
    }
}

/// For [`axum::middleware::from_fn_with_state`]: 401 unless the token is the one that was asked for.
pub async fn require_admin_token(
    State(token): State<AdminToken>,
    request: Request,
    next: Next,
) -> Response {
    if token.admits(request.headers()) {
        return next.run(request).await;
    }
    let answer = ApiError::new(StatusCode::UNAUTHORIZED, "Not authenticated");
    ([(header::WWW_AUTHENTICATE, "Bearer")], answer).into_response()
}

/// Compares in a time that depends on the lengths only.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    let differing = left
        .iter()
        .zip(right)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    left.len() == right.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: Option<&'static str>, admitted: bool) {
        let mut headers = HeaderMap::new();
        if let Some(value) = sent {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        assert_eq!(
            AdminToken::new(Some("s3cret")).admits(&headers),
            admitted,
            "{sent:?}"
        );
    }

    #[test]
    fn only_the_token_is_admitted() {
        check(Some("Bearer s3cret"), true);
        check(Some("bearer s3cret"), true);
        check(None, false);
        check(Some("Bearer s3cre"), false);
        check(Some("Bearer s3cret2"), false);
        check(Some("Basic s3cret"), false);
        check(Some(""), false);
    }
}
