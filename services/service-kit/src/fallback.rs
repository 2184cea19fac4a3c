//! What no route answers, as JSON.

use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::ApiError;

/// For [`axum::Router::fallback`]: 307 to the path without its trailing slash, else 404.
pub async fn not_found_or_redirect(request: Request) -> Response {
    match without_trailing_slash(request.uri()) {
        Some(location) => (
            StatusCode::TEMPORARY_REDIRECT,
            [(header::LOCATION, location)],
        )
            .into_response(),
        None => not_found().await.into_response(),
    }
}

/// For [`axum::Router::fallback`]: 404.
pub async fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Not Found")
}

/// For [`axum::Router::method_not_allowed_fallback`]: 405; axum adds the `Allow` header.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

fn without_trailing_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    // `//host` would lead to another host.
    if path.is_empty() || path.starts_with("//") {
        return None;
    }
    Some(match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &'static str, location: Option<&str>) {
        let found = without_trailing_slash(&Uri::from_static(uri));
        assert_eq!(found.as_deref(), location, "{uri}");
    }

    #[test]
    fn slashes_at_the_end_are_cut() {
        check("/products/", Some("/products"));
        check("/products/a//?limit=2", Some("/products/a?limit=2"));
        check("/products", None);
        check("/", None);
        check("//elsewhere.example/", None);
    }
}
