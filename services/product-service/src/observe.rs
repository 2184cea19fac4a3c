//! Around every product request: its metrics and its last log line.

use std::pin::Pin;
use std::time::Instant;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Method, Uri};
use axum::response::Response;
use service_kit::TraceId;

use crate::metrics::LIST;
use crate::product::CacheStatus;
use crate::state::{AppState, milliseconds};

/// What a handler tells the log about its answer, as a response extension.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// Of a read: what the cache had to do with it.
    Cache(CacheStatus),
    /// Of a create: the new product's id.
    Created(String),
}

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
        let response = self.handler.call(request, state.clone()).await;
        let elapsed = started.elapsed();
        let template = self.template;
        state
            .metrics
            .http
            .observe(&method, template, response.status(), elapsed);
        let fact = response.extensions().get::<Fact>();
        let (cache, created) = match fact {
            Some(Fact::Cache(status)) => (Some(status.as_str()), None),
            Some(Fact::Created(id)) => (None, Some(id.as_str())),
            None => (None, None),
        };
        tracing::info!(
            operation = operation(&method, template),
            product_id = created.or_else(|| id_in(&uri, template)),
            trace_id = %trace_id,
            cache,
            status = response.status().as_u16(),
            total_ms = milliseconds(elapsed),
            "request"
        );
        response
    }
}

fn operation(method: &Method, template: &str) -> &'static str {
    match *method {
        Method::GET | Method::HEAD if template == LIST => "LIST",
        Method::GET | Method::HEAD => "GET",
        Method::POST => "CREATE",
        Method::PUT => "UPDATE",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}

/// The product's id as it stands in the path, still percent-encoded.
fn id_in<'u>(uri: &'u Uri, template: &str) -> Option<&'u str> {
    (template != LIST)
        .then(|| uri.path().rsplit('/').next())
        .flatten()
}
