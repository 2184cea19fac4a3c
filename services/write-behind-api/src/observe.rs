//! Around every request for products: a limit on how many there are at once, its metrics and its last log line.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use service_kit::{ApiError, TraceId};

use crate::metrics::LIST;
use crate::state::{AppState, milliseconds};

/// Far more than a burst of callers; each keeps some kilobytes of memory until its turn.
const MOST_UNDER_WAY: usize = 10_000;

/// A handler whose requests are counted, timed and logged, whatever comes of them.
///
/// Not a layer: that would be one more boxed and cloned service in every request's way.
#[derive(Debug, Clone)]
pub(crate) struct Observed<H> {
    handler: H,
    template: &'static str,
}

/// Observes `handler` as one of the route `template`.
pub(crate) fn observed<H>(template: &'static str, handler: H) -> Observed<H> {
    Observed { handler, template }
}

impl<T: 'static, H: Handler<T, AppState>> Handler<T, AppState> for Observed<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: AppState) -> Self::Future {
        Box::pin(self.answer(request, state))
    }
}

impl<H> Observed<H> {
    async fn answer<T>(self, request: Request, state: AppState) -> Response
    where
        H: Handler<T, AppState>,
    {
        let started = Instant::now();
        let trace_id = TraceId::of_request(request.headers());
        let method = request.method().clone();
        let uri = request.uri().clone();
        let under_way = UnderWay::enter(&state.under_way);
        let response = if under_way.count > MOST_UNDER_WAY {
            let message = "Too many requests at once";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response()
        } else {
            self.handler.call(request, state.clone()).await
        };
        let elapsed = started.elapsed();
        let template = self.template;
        let status = response.status();
        state
            .metrics
            .http
            .observe(&method, template, status, elapsed);
        tracing::info!(
            method = method.as_str(),
            product_id = id_in(&uri, template),
            trace_id = %trace_id,
            status = status.as_u16(),
            total_ms = milliseconds(elapsed),
            "request"
        );
        response
    }
}

/// One of the requests under way, until it is dropped.
struct UnderWay<'c> {
    all: &'c AtomicUsize,
    /// With this one.
    count: usize,
}

impl<'c> UnderWay<'c> {
    fn enter(all: &'c AtomicUsize) -> Self {
        let count = all.fetch_add(1, Ordering::Relaxed) + 1;
        Self { all, count }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The product's id as it stands in the path, still percent-encoded.
fn id_in<'u>(uri: &'u Uri, template: &str) -> Option<&'u str> {
    (template != LIST)
        .then(|| uri.path().rsplit('/').next())
        .flatten()
}
