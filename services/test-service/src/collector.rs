//! A collector of traces that keeps what it is sent, up to a limit.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::sync::oneshot;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::{PATIENCE, trace_id};

/// More than a test makes.
const MOST_SPANS: usize = 10_000;

/// It listens until the last handle on it is dropped.
#[derive(Debug, Clone)]
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Span>>>,
    _stop: Arc<oneshot::Sender<()>>,
}

impl Collector {
    /// Listens on a free port of loopback.
    #[must_use = "it ends when this is dropped"]
    pub fn start() -> Self {
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let kept = Kept(Arc::clone(&spans));
        let (stop, stopped) = oneshot::channel::<()>();
        let (listening, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                listening.send(incoming.local_addr().unwrap()).unwrap();
                let kept = TraceServiceServer::new(kept);
                let served = Server::builder()
                    .add_service(kept.accept_compressed(CompressionEncoding::Gzip))
                    .serve_with_incoming(incoming);
                tokio::select! {
                    served = served => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: address.recv().unwrap(),
            spans,
            _stop: Arc::new(stop),
        }
    }

    /// What a service needs in its environment to send its spans here, soon.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        variables(self.address)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The trace of this number ([`trace_id`]), in order of start, once it has `count` spans: each span's parent and its
    /// own name, kind, attributes, links and status.
    ///
    /// ```text
    /// caller > GET /products/{product_id} [server] http.method=GET …
    /// GET /products/{product_id} > db_read [internal] db.system=postgresql … !
    /// ```
    pub fn trace(&self, trace: u8, count: usize) -> Vec<String> {
        let id = trace_id(trace);
        self.until(count, |span, _| hex(&span.trace_id) == id)
    }

    /// As [`Collector::trace`], of the first trace that has a span of this name without a parent.
    pub fn trace_of(&self, root: &str, count: usize) -> Vec<String> {
        let is_root = |span: &Span| span.name == root && span.parent_span_id.is_empty();
        self.until(count, |span, all| {
            let root = all.iter().find(|span| is_root(span));
            root.is_some_and(|root| root.trace_id == span.trace_id)
        })
    }

    fn until(&self, count: usize, is_meant: impl Fn(&Span, &[Span]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
            let meant = spans.iter().filter(|span| is_meant(span, &spans));
            let mut meant: Vec<_> = meant.cloned().collect();
            drop(spans);
            if meant.len() >= count {
                meant.sort_by_key(|span| span.start_time_unix_nano);
                return meant.iter().map(|span| described(span, &meant)).collect();
            }
            assert!(
                Instant::now() < deadline,
                "{} of {count} spans",
                meant.len()
            );
            std::thread::yield_now();
        }
    }

    /// How many spans of the trace of this number there are.
    pub fn spans_in(&self, trace: u8) -> usize {
        let id = trace_id(trace);
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans
            .iter()
            .filter(|span| hex(&span.trace_id) == id)
            .count()
    }

    /// How many spans there are.
    pub fn count(&self) -> usize {
        self.spans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

struct Kept(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        let room = MOST_SPANS - kept.len();
        kept.extend(spans.take(room));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// What a service needs in its environment to send its spans to `address`, soon.
pub(crate) fn variables(address: SocketAddr) -> [(&'static str, String); 2] {
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}")),
        ("OTEL_BSP_SCHEDULE_DELAY", "20".to_owned()),
    ]
}

fn described(span: &Span, trace: &[Span]) -> String {
    let parent = trace
        .iter()
        .find(|other| other.span_id == span.parent_span_id);
    let parent = match parent {
        Some(parent) => parent.name.as_str(),
        None if span.parent_span_id.is_empty() => "nobody",
        None => "caller",
    };
    let kind = span
        .kind()
        .as_str_name()
        .trim_start_matches("SPAN_KIND_")
        .to_lowercase();
    let mut text = format!("{parent} > {} [{kind}]", span.name);
    for attribute in &span.attributes {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        let value = match value {
            // How long something took is another number each time.
            Some(Value::DoubleValue(_)) => "#".to_owned(),
            Some(Value::StringValue(value)) => value.clone(),
            Some(Value::BoolValue(value)) => value.to_string(),
            Some(Value::IntValue(value)) => value.to_string(),
            other => format!("{other:?}"),
        };
        let _ = write!(text, " {}={value}", attribute.key);
    }
    for link in &span.links {
        let _ = write!(text, " <- {}", hex(&link.trace_id));
    }
    if span.status.as_ref().is_some_and(|status| status.code == 2) {
        text.push_str(" !");
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
