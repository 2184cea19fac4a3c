//! Spans go on to the collector that they were meant for. What it does not take in time is left out: the verdict never
//! waits for it.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tonic::transport::{Channel, Endpoint};

/// Messages that wait; of more, the newest are left out.
const WAITING: usize = 256;
const PATIENCE: Duration = Duration::from_secs(2);

/// The way to a collector.
#[derive(Debug)]
pub(super) struct Onward {
    messages: mpsc::Sender<ExportTraceServiceRequest>,
    sending: JoinHandle<()>,
}

impl Onward {
    /// To the collector at `url`, which may not be there yet; to be called within a Tokio runtime. `None` if it is no
    /// URL.
    pub(super) fn to(url: &str) -> Option<Self> {
        let endpoint = Endpoint::from_shared(url.to_owned()).ok()?;
        let channel = endpoint.connect_timeout(PATIENCE).connect_lazy();
        let (messages, waiting) = mpsc::channel(WAITING);
        let sending = tokio::spawn(send(TraceServiceClient::new(channel), waiting));
        Some(Self { messages, sending })
    }

    pub(super) fn pass(&self, message: ExportTraceServiceRequest) {
        // Full: the collector is slower than the services.
        drop(self.messages.try_send(message));
    }
}

async fn send(
    mut collector: TraceServiceClient<Channel>,
    mut waiting: mpsc::Receiver<ExportTraceServiceRequest>,
) {
    while let Some(message) = waiting.recv().await {
        // Refused, or nobody there: the next one may be taken.
        drop(timeout(PATIENCE, collector.export(message)).await);
    }
}

impl Drop for Onward {
    fn drop(&mut self) {
        self.sending.abort();
    }
}
