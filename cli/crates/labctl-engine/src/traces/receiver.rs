//! OTLP over gRPC, as a collector takes it, for the services of one lab.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use tokio::task::JoinHandle;
use tonic::{
    Request, Response, Status,
    codec::CompressionEncoding,
    service::interceptor::InterceptedService,
    transport::{Server, server::TcpIncoming},
};

use super::{TraceStore, decode::decode, onward::Onward};

/// The header by which the lab's services are known.
const HEADER: &str = "labctl-run";

/// A message longer than this is refused.
const MESSAGE_BYTES: usize = 4 << 20;

/// Messages under way at once; a connection's further ones wait.
const CONCURRENT: usize = 16;

const STRANGER: &str = "spans are taken from the services of the lab that is played: their environment needs \
     `OTEL_EXPORTER_OTLP_HEADERS` as the blocks have it";

/// Listens until it is dropped.
#[derive(Debug)]
pub struct TraceReceiver {
    address: SocketAddr,
    token: String,
    store: Arc<TraceStore>,
    serving: JoinHandle<()>,
}

impl TraceReceiver {
    /// Listens at `address`, on a port of its choice, to who has its [`variables`](Self::variables); what comes goes on to
    /// the collector at the URL `onward`, if that takes it. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// Nobody can listen there, or the system has no random numbers.
    pub fn listen(address: IpAddr, onward: Option<&str>) -> io::Result<Self> {
        let token = format!(
            "{:016x}{:016x}",
            getrandom::u64().map_err(io::Error::other)?,
            getrandom::u64().map_err(io::Error::other)?
        );
        let onward = onward.and_then(Onward::to);
        Self::start(SocketAddr::new(address, 0), Some(token), onward)
    }

    /// Listens as a collector does, to whoever sends; to be called within a Tokio runtime.
    ///
    /// # Errors
    /// Nobody can listen there.
    pub fn listen_to_all(address: SocketAddr) -> io::Result<Self> {
        Self::start(address, None, None)
    }

    fn start(
        address: SocketAddr,
        token: Option<String>,
        onward: Option<Onward>,
    ) -> io::Result<Self> {
        let incoming = TcpIncoming::bind(address)?.with_nodelay(Some(true));
        let address = incoming.local_addr()?;
        let store = Arc::<TraceStore>::default();
        let taker = TraceServiceServer::new(Taker {
            store: Arc::clone(&store),
            onward,
        })
        // Unpacked, too: what is sent small may be great.
        .max_decoding_message_size(MESSAGE_BYTES)
        .accept_compressed(CompressionEncoding::Gzip);
        let known = token.clone();
        // Before a message is read.
        let is_known = move |request: Request<()>| {
            let Some(known) = &known else {
                return Ok(request);
            };
            match request.metadata().get(HEADER) {
                Some(given) if given.as_bytes() == known.as_bytes() => Ok(request),
                _ => Err(Status::unauthenticated(STRANGER)),
            }
        };
        let server = Server::builder()
            .concurrency_limit_per_connection(CONCURRENT)
            .add_service(InterceptedService::new(taker, is_known))
            .serve_with_incoming(incoming);
        let serving = tokio::spawn(async move {
            // It ends only with the listener, and then claims say what did not come.
            let _ = server.await;
        });
        Ok(Self {
            address,
            token: token.unwrap_or_default(),
            store,
            serving,
        })
    }

    /// What it keeps.
    pub fn store(&self) -> Arc<TraceStore> {
        Arc::clone(&self.store)
    }

    /// What services must have in their environment to send every span here, soon. `host`: as they know this machine.
    pub fn variables(&self, host: &str) -> BTreeMap<String, String> {
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        [
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://{host}:{}", self.address.port()),
            ),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("{HEADER}={}", self.token),
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc".to_owned()),
            ("OTEL_TRACES_SAMPLER", "always_on".to_owned()),
            ("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

impl Drop for TraceReceiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Taker {
    store: Arc<TraceStore>,
    onward: Option<Onward>,
}

#[tonic::async_trait]
impl TraceService for Taker {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let message = request.into_inner();
        if let Some(onward) = &self.onward {
            onward.pass(message.clone());
        }
        let (spans, rejected) = decode(message);
        self.store.take(spans);
        let partial_success = (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
            error_message: "an id has another length, or is none".to_owned(),
        });
        Ok(Response::new(ExportTraceServiceResponse {
            partial_success,
        }))
    }
}
