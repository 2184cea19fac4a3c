//! The span of every request but the probe's and the scraper's.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use super::Span;

/// Asked again and again by machines.
const UNTRACED: [&str; 2] = ["/health", "/metrics"];

/// `router`, with a span around every request.
pub(super) fn traced(router: Router) -> Router {
    router.layer(from_fn(answer))
}

async fn answer(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str);
    if route.is_some_and(|route| UNTRACED.contains(&route)) {
        return next.run(request).await;
    }
    let method = known(request.method());
    let name = match route {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    };
    let caller = Headers(request.headers());
    let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &caller);
    let span = Span::server(name, &caller);
    span.set("http.method", method);
    if let Some(route) = route {
        span.set("http.route", route);
    }
    let target = request.uri().path_and_query();
    span.set("http.target", target.map_or("/", |target| target.as_str()));
    let response = span.around(next.run(request)).await;
    let status = response.status();
    span.set("http.status_code", u32::from(status.as_u16()));
    if status.is_server_error() {
        span.mark_failed();
    }
    response
}

/// A caller can invent methods, but not names of spans.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "HTTP",
    }
}

struct Headers<'r>(&'r HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}
