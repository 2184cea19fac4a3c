//! What labctl's receiver of spans bears: a million of them over OTLP, in many traces and in one:
//! `cargo run --release -p labctl-bench --bin spans`.
//!
//! Sender and receiver share the machine and this process; the memory is that of both.

#![expect(clippy::print_stdout, reason = "what it measured is what it prints")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use labctl_bench::{Failure, machine};
use labctl_engine::TraceReceiver;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tonic::Request;

const SPANS: u64 = 1_000_000;
const SENDERS: u64 = 4;
/// As the SDK's batches.
const BATCH: u64 = 512;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("{}", machine::until_idle()?);
    println!("{SPANS} spans of 4 attributes, {SENDERS} senders, {BATCH} a message");
    println!(
        "  {:24} {:>12} {:>12} {:>12}",
        "", "spans/s", "MiB before", "MiB after"
    );
    for (name, spans_of_trace) in [("five spans a trace", 5), ("one trace of all", SPANS)] {
        let before = machine::status_bytes("self", "VmRSS")?;
        let receiver = TraceReceiver::listen(IpAddr::V4(Ipv4Addr::LOCALHOST), None)?;
        let started = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..SENDERS {
            let variables = receiver.variables("127.0.0.1");
            let url = variables["OTEL_EXPORTER_OTLP_ENDPOINT"].clone();
            let header = variables["OTEL_EXPORTER_OTLP_HEADERS"].clone();
            senders.spawn(send(url, header, sender, spans_of_trace));
        }
        while let Some(sent) = senders.join_next().await {
            sent??;
        }
        let seconds = started.elapsed().as_secs_f64();
        let after = machine::status_bytes("self", "VmHWM")?;
        println!(
            "  {name:24} {:12.0} {:12.1} {:12.1}",
            1_000_000.0 / seconds,
            before / 1_048_576.0,
            after / 1_048_576.0
        );
    }
    Ok(())
}

/// Every `SENDERS`-th batch.
async fn send(url: String, header: String, sender: u64, of_trace: u64) -> Result<(), Failure> {
    let (_, token) = header.split_once('=').ok_or("no header")?;
    let mut client = TraceServiceClient::connect(url).await?;
    let mut first = sender * BATCH;
    while first < SPANS {
        let spans = (first..SPANS.min(first + BATCH)).map(|number| span(number, of_trace));
        let mut request = Request::new(message(spans.collect()));
        request.metadata_mut().insert("labctl-run", token.parse()?);
        client.export(request).await?;
        first += SENDERS * BATCH;
    }
    Ok(())
}

fn span(number: u64, of_trace: u64) -> Span {
    let trace = 1 + number / of_trace;
    Span {
        trace_id: u128::from(trace).to_le_bytes().to_vec(),
        span_id: (number + 1).to_le_bytes().to_vec(),
        name: "GET /items/{item_id}".to_owned(),
        start_time_unix_nano: number,
        end_time_unix_nano: number + 1,
        attributes: ["db.system", "db.operation", "item.id", "cache.key"]
            .map(|key| text(key, "550e8400-e29b-41d4-a716"))
            .to_vec(),
        ..Span::default()
    }
}

fn message(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", "api")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}
