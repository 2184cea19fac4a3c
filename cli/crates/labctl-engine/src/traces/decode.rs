//! From OTLP's messages to spans, each part cut to a bearable size.

use std::fmt::Write as _;

use labctl_runbook::traces::{RecordedSpan, SpanKind, SpanStatus};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{Span, span, status},
};
use serde_json::Value as Json;

const NAME_BYTES: usize = 256;
const TEXT_BYTES: usize = 1024;
const ATTRIBUTES: usize = 64;
const LINKS: usize = 32;
const ITEMS: usize = 64;
const DEPTH: usize = 4;

/// What OpenTelemetry calls a service without a name.
const UNKNOWN: &str = "unknown_service";

/// The spans of a message, and how many were none: without an id of the right length.
pub(super) fn decode(message: ExportTraceServiceRequest) -> (Vec<RecordedSpan>, u64) {
    let mut spans = Vec::new();
    let mut rejected = 0;
    for resource_spans in message.resource_spans {
        let attributes = resource_spans.resource.unwrap_or_default().attributes;
        let service = service(&attributes);
        for sent in resource_spans
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans)
        {
            match span(&service, sent) {
                Some(span) => spans.push(span),
                None => rejected += 1,
            }
        }
    }
    (spans, rejected)
}

fn service(attributes: &[KeyValue]) -> String {
    let mut attributes = attributes.iter();
    let name = attributes.find(|attribute| attribute.key == "service.name");
    match name.and_then(|name| name.value.as_ref()?.value.as_ref()) {
        Some(any_value::Value::StringValue(name)) if !name.is_empty() => cut(name, NAME_BYTES),
        _ => UNKNOWN.to_owned(),
    }
}

fn span(service: &str, sent: Span) -> Option<RecordedSpan> {
    let kind = match sent.kind() {
        span::SpanKind::Server => SpanKind::Server,
        span::SpanKind::Client => SpanKind::Client,
        span::SpanKind::Producer => SpanKind::Producer,
        span::SpanKind::Consumer => SpanKind::Consumer,
        span::SpanKind::Unspecified | span::SpanKind::Internal => SpanKind::Internal,
    };
    let status = match sent.status.unwrap_or_default().code() {
        status::StatusCode::Unset => SpanStatus::Unset,
        status::StatusCode::Ok => SpanStatus::Ok,
        status::StatusCode::Error => SpanStatus::Error,
    };
    let links = sent.links.iter().take(LINKS);
    let attributes = sent.attributes.into_iter().take(ATTRIBUTES);
    Some(RecordedSpan {
        trace: trace_id(&sent.trace_id)?,
        id: span_id(&sent.span_id)?,
        parent: span_id(&sent.parent_span_id),
        service: service.to_owned(),
        name: cut(&sent.name, NAME_BYTES),
        kind,
        start: sent.start_time_unix_nano,
        end: sent.end_time_unix_nano,
        status,
        attributes: attributes
            .map(|attribute| {
                (
                    cut(&attribute.key, NAME_BYTES),
                    value(attribute.value, DEPTH),
                )
            })
            .collect(),
        links: links
            .filter_map(|link| Some((trace_id(&link.trace_id)?, span_id(&link.span_id)?)))
            .collect(),
    })
}

/// 16 bytes. All zeros is no id.
#[expect(clippy::big_endian_bytes, reason = "W3C Trace Context writes ids so")]
fn trace_id(bytes: &[u8]) -> Option<u128> {
    let id = u128::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// 8 bytes.
#[expect(clippy::big_endian_bytes, reason = "W3C Trace Context writes ids so")]
fn span_id(bytes: &[u8]) -> Option<u64> {
    let id = u64::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// `depth`: of lists in lists that are kept.
fn value(sent: Option<AnyValue>, depth: usize) -> Json {
    let Some(sent) = sent.and_then(|sent| sent.value) else {
        return Json::Null;
    };
    match sent {
        any_value::Value::StringValue(text) => cut(&text, TEXT_BYTES).into(),
        any_value::Value::BoolValue(value) => value.into(),
        any_value::Value::IntValue(value) => value.into(),
        any_value::Value::DoubleValue(value) => value.into(),
        any_value::Value::BytesValue(bytes) => {
            let mut hex = String::new();
            for byte in bytes.iter().take(TEXT_BYTES / 2) {
                let _ = write!(hex, "{byte:02x}");
            }
            hex.into()
        }
        any_value::Value::ArrayValue(array) if depth > 0 => {
            let items = array.values.into_iter().take(ITEMS);
            items.map(|item| value(Some(item), depth - 1)).collect()
        }
        any_value::Value::KvlistValue(list) if depth > 0 => {
            let items = list.values.into_iter().take(ITEMS);
            let members =
                items.map(|item| (cut(&item.key, NAME_BYTES), value(item.value, depth - 1)));
            Json::Object(members.collect())
        }
        _ => Json::Null,
    }
}

fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}
