//! The receiver over real connections, and its limits.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use labctl_runbook::{
    Runbook, TraceObservation,
    expect::{Subject, TraceSubject},
    traces::RecordedSpan,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_client::TraceServiceClient,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::{Code, Request, Status, codec::CompressionEncoding, metadata::MetadataValue};

use super::{TraceReceiver, TraceStore};

fn subject(service: &str, root: &str) -> TraceSubject {
    let page = format!("```bash\ntrue\n```\n<!-- expect\ntrace {service} \"{root}\" exists\n-->\n");
    let runbook = Runbook::parse(&page);
    match runbook.blocks[0].expectations.statements[0].subject() {
        Subject::Trace(subject) => subject.clone(),
        other => panic!("{other:?}"),
    }
}

fn message(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let name = KeyValue {
        key: "service.name".to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue("api".to_owned())),
        }),
        ..KeyValue::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![name],
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

fn sent(id: u64) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: id.to_le_bytes().to_vec(),
        name: "GET /a".to_owned(),
        start_time_unix_nano: 1,
        end_time_unix_nano: 2,
        ..Span::default()
    }
}

/// As a service sends that has these variables.
async fn export(
    receiver: &TraceReceiver,
    token: Option<&str>,
    message: ExportTraceServiceRequest,
) -> Result<ExportTraceServiceResponse, Status> {
    let variables = receiver.variables("127.0.0.1");
    let url = variables["OTEL_EXPORTER_OTLP_ENDPOINT"].clone();
    let client = TraceServiceClient::connect(url).await.expect("it listens");
    // Many exporters are set so.
    let mut client = client.send_compressed(CompressionEncoding::Gzip);
    let mut request = Request::new(message);
    let headers = &variables["OTEL_EXPORTER_OTLP_HEADERS"];
    let (header, known) = headers.split_once('=').expect("a header");
    assert_eq!(header, "labctl-run");
    let value: MetadataValue<_> = token.unwrap_or(known).parse().expect("a value");
    request.metadata_mut().insert("labctl-run", value);
    client
        .export(request)
        .await
        .map(tonic::Response::into_inner)
}

fn listen() -> TraceReceiver {
    TraceReceiver::listen(IpAddr::V4(Ipv4Addr::LOCALHOST), None).expect("a free port")
}

fn found(store: &TraceStore) -> usize {
    let asked = subject("api", "GET /a");
    store.find(&asked, SystemTime::UNIX_EPOCH).seen.spans.len()
}

#[tokio::test]
async fn spans_are_taken_from_who_knows_the_token() {
    let receiver = listen();
    let refused = export(&receiver, Some("0000"), message(vec![sent(1)])).await;
    assert_eq!(
        refused.map_err(|status| status.code()),
        Err(Code::Unauthenticated)
    );
    assert_eq!(found(&receiver.store()), 0);
    let answer = export(&receiver, None, message(vec![sent(1), sent(2), sent(2)])).await;
    assert_eq!(answer.expect("it takes them").partial_success, None);
    assert_eq!(found(&receiver.store()), 2);
}

#[tokio::test]
async fn what_comes_goes_on_to_the_collector_and_one_that_is_not_there_holds_up_nothing() {
    let here = (Ipv4Addr::LOCALHOST, 0).into();
    let collector = TraceReceiver::listen_to_all(here).expect("a free port");
    let url = collector.variables("127.0.0.1")["OTEL_EXPORTER_OTLP_ENDPOINT"].clone();
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let receiver = TraceReceiver::listen(address, Some(&url)).expect("a free port");
    let answer = export(&receiver, None, message(vec![sent(1), sent(2)])).await;
    answer.expect("it takes them");
    assert_eq!(found(&receiver.store()), 2);
    let all = async {
        while found(&collector.store()) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .expect("the collector has them");

    drop(collector);
    for id in 3..600 {
        let answer = export(&receiver, None, message(vec![sent(id)])).await;
        answer.expect("it takes them");
    }
    assert_eq!(found(&receiver.store()), 599);
}

#[tokio::test]
async fn what_is_no_span_is_counted_and_hurts_nobody() {
    let receiver = listen();
    let broken = Span {
        span_id: vec![1, 2, 3],
        ..sent(1)
    };
    let nothing = Span {
        trace_id: vec![0; 16],
        ..sent(1)
    };
    let answer = export(&receiver, None, message(vec![broken, sent(2), nothing])).await;
    let partial = answer.expect("an answer").partial_success;
    assert_eq!(partial.expect("it says so").rejected_spans, 2);
    assert_eq!(found(&receiver.store()), 1);
}

#[tokio::test]
async fn a_message_is_limited_by_what_it_unpacks_to() {
    let receiver = listen();
    let swollen = Span {
        name: " ".repeat(64 * 1024 * 1024),
        ..sent(1)
    };
    let refused = export(&receiver, None, message(vec![swollen])).await;
    let code = refused.expect_err("too much").code();
    assert_eq!(code, Code::ResourceExhausted);
    assert_eq!(found(&receiver.store()), 0);
    let answer = export(&receiver, None, message(vec![sent(2)])).await;
    answer.expect("it goes on");
}

#[tokio::test]
async fn garbage_ends_its_connection_alone() {
    let receiver = listen();
    let url = receiver.variables("127.0.0.1")["OTEL_EXPORTER_OTLP_ENDPOINT"].clone();
    let mut stream = tokio::net::TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .expect("it listens");
    stream.write_all(&[0xff; 4096]).await.expect("sent");
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "the connection stays");
    assert!(
        export(&receiver, None, message(vec![sent(1)]))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn it_listens_no_more_when_it_is_dropped() {
    let receiver = listen();
    let url = receiver.variables("127.0.0.1")["OTEL_EXPORTER_OTLP_ENDPOINT"].clone();
    drop(receiver);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while tokio::net::TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .is_ok()
    {
        assert!(tokio::time::Instant::now() < deadline, "it still listens");
        tokio::task::yield_now().await;
    }
}

fn recorded(trace: u128, id: u64, start: u64) -> RecordedSpan {
    RecordedSpan {
        trace,
        id,
        parent: None,
        service: "api".to_owned(),
        name: "GET /a".to_owned(),
        kind: labctl_runbook::traces::SpanKind::Server,
        start,
        end: start,
        status: labctl_runbook::traces::SpanStatus::Unset,
        attributes: vec![("k".to_owned(), "x".repeat(500).into())],
        links: Vec::new(),
    }
}

const MOST: usize = 1 << 20;

fn count(seen: &TraceObservation) -> u64 {
    u64::try_from(seen.spans.len()).expect("not that many")
}

#[test]
fn a_flood_of_traces_costs_the_oldest_and_is_told() {
    let store = TraceStore::of_bytes(MOST);
    for trace in 1..=5_000_u64 {
        store.take(vec![recorded(trace.into(), 1, trace)]);
    }
    assert!(store.bytes() <= MOST, "{}", store.bytes());
    let asked = subject("api", "GET /a");
    let all = store.find(&asked, SystemTime::UNIX_EPOCH).seen;
    assert!(all.lost > 1_000, "{}", all.lost);
    assert_eq!(all.lost + count(&all), 5_000);
    // Those of the last ones are all there.
    let since = SystemTime::UNIX_EPOCH + Duration::from_nanos(4_990);
    let last = store.find(&asked, since).seen;
    assert_eq!((last.lost, last.spans.len()), (0, 11));
}

#[test]
fn a_trace_without_end_is_cut_and_told() {
    let store = TraceStore::of_bytes(MOST);
    let spans = (1..=20_000).map(|id| recorded(1, id, 5)).collect();
    store.take(spans);
    assert!(store.bytes() <= MOST / 4, "{}", store.bytes());
    let seen = store
        .find(&subject("api", "GET /a"), SystemTime::UNIX_EPOCH)
        .seen;
    assert_eq!(seen.lost + count(&seen), 20_000);
    // It leaves room for others.
    store.take(vec![recorded(2, 1, 9)]);
    let since = SystemTime::UNIX_EPOCH + Duration::from_nanos(6);
    let seen = store.find(&subject("api", "GET /a"), since).seen;
    assert_eq!((seen.lost, seen.spans.len()), (0, 1));
}
