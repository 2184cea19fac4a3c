//! Around every request of a route: its metrics, its last log line and, where a service has one, a limit on how
//! many there are at once.

use std::pin::Pin;
use std::time::Instant;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::{ApiError, HttpMetrics, TraceId, UnderWay, milliseconds};

/// What a handler tells the log about its answer, as a response extension.
#[derive(Debug, Clone)]
pub enum Fact {
    /// Of a read: what the cache had to do with it.
    Cache(&'static str),
    /// Of a create: the new item's id.
    Created(String),
}

/// A service's state, as [`Observed`] needs it.
pub trait Observer: Clone + Send + Sync + 'static {
    /// Where requests are counted and timed.
    fn http_metrics(&self) -> &HttpMetrics;

    /// The requests under way, where their number is limited.
    fn under_way(&self) -> Option<&UnderWay> {
        None
    }

    /// Logs a request that was answered.
    fn log(&self, request: &Answered<'_>);
}

/// A request that was answered.
#[derive(Debug)]
pub struct Answered<'r> {
    /// `LIST`, `GET`, `CREATE`, `UPDATE`, `DELETE` or `OTHER`.
    pub operation: &'static str,
    /// Of the item, as it stands in the path, still percent-encoded; or of the new one.
    pub id: Option<&'r str>,
    /// The caller's, or a new one.
    pub trace_id: TraceId,
    /// Of a read: what the cache had to do with it.
    pub cache: Option<&'static str>,
    /// The answer's.
    pub status: u16,
    /// Until the answer, to two decimals.
    pub total_ms: f64,
}

/// A handler whose requests are counted, timed and logged, whatever comes of them.
///
/// Not a layer: that would be one more boxed and cloned service in every request's way.
#[derive(Debug, Clone)]
pub struct Observed<H> {
    handler: H,
    template: &'static str,
}

/// Observes `handler` as one of the route `template`, such as `/items` or, with the id at its end, `/items/{id}`.
pub fn observed<H>(template: &'static str, handler: H) -> Observed<H> {
    Observed { handler, template }
}

impl<T: 'static, S: Observer, H: Handler<T, S>> Handler<T, S> for Observed<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: S) -> Self::Future {
        Box::pin(self.answer(request, state))
    }
}

impl<H> Observed<H> {
    async fn answer<T, S: Observer>(self, request: Request, state: S) -> Response
    where
        H: Handler<T, S>,
    {
        let started = Instant::now();
        let trace_id = TraceId::of_request(request.headers());
        let method = request.method().clone();
        let uri = request.uri().clone();
        let response = match state.under_way().map(UnderWay::enter) {
            Some(None) => {
                let message = "Too many requests at once";
                ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response()
            }
            None | Some(Some(_)) => self.handler.call(request, state.clone()).await,
        };
        let elapsed = started.elapsed();
        let template = self.template;
        let status = response.status();
        state
            .http_metrics()
            .observe(&method, template, status, elapsed);
        let (cache, created) = match response.extensions().get::<Fact>() {
            Some(Fact::Cache(status)) => (Some(*status), None),
            Some(Fact::Created(id)) => (None, Some(id.as_str())),
            None => (None, None),
        };
        state.log(&Answered {
            operation: operation(&method, template),
            id: created.or_else(|| id_in(&uri, template)),
            trace_id,
            cache,
            status: status.as_u16(),
            total_ms: milliseconds(elapsed),
        });
        response
    }
}

fn operation(method: &Method, template: &str) -> &'static str {
    match *method {
        Method::GET | Method::HEAD if !has_id(template) => "LIST",
        Method::GET | Method::HEAD => "GET",
        Method::POST => "CREATE",
        Method::PUT => "UPDATE",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}

fn id_in<'u>(uri: &'u Uri, template: &str) -> Option<&'u str> {
    has_id(template)
        .then(|| uri.path().rsplit('/').next())
        .flatten()
}

fn has_id(template: &str) -> bool {
    template.ends_with('}')
}
