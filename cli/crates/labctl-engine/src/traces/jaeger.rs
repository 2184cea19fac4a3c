//! The traces that a Jaeger keeps, by the API that its own page asks.

use std::time::Duration;

use labctl_runbook::{
    expect::HttpMethod,
    traces::{RecordedSpan, SpanKind, SpanStatus},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;

use crate::{http::HttpClient, in_full};

/// For each question.
const PATIENCE: Duration = Duration::from_secs(5);
/// Jaeger traces itself.
const OWN: &str = "jaeger";

#[derive(Deserialize)]
struct Answer<T> {
    /// Nothing where there is none yet.
    data: Option<Vec<T>>,
}

#[derive(Deserialize)]
struct Trace {
    spans: Vec<Span>,
    processes: std::collections::HashMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(rename = "traceID")]
    trace: String,
    #[serde(rename = "spanID")]
    id: String,
    operation_name: String,
    #[serde(default)]
    references: Vec<Reference>,
    /// Microseconds since 1970.
    start_time: u64,
    /// Microseconds.
    duration: u64,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(rename = "processID")]
    process: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: String,
    #[serde(rename = "traceID")]
    trace: String,
    #[serde(rename = "spanID")]
    span: String,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: Json,
}

/// The spans of the last `count` traces of each service that the Jaeger at `url` knows.
///
/// # Errors
/// Nobody answers there, or not as Jaeger does.
pub async fn jaeger_spans(url: &str, count: usize) -> Result<Vec<RecordedSpan>, String> {
    let http = HttpClient::default();
    let base = url.trim_end_matches('/');
    let services: Vec<Option<String>> = ask(&http, &format!("{base}/api/services")).await?;
    let mut spans = Vec::new();
    for service in services.into_iter().flatten() {
        if service.starts_with(OWN) {
            continue;
        }
        let name = utf8_percent_encode(&service, NON_ALPHANUMERIC);
        let url = format!("{base}/api/traces?service={name}&limit={count}&lookback=1h");
        let traces: Vec<Trace> = ask(&http, &url).await?;
        for trace in traces {
            let of_trace = trace.spans.into_iter().map(|span| {
                let process = trace.processes.get(&span.process);
                recorded(span, process.map_or("", |process| &process.service_name))
            });
            spans.extend(of_trace.flatten());
        }
    }
    Ok(spans)
}

async fn ask<T: DeserializeOwned>(http: &HttpClient, url: &str) -> Result<Vec<T>, String> {
    let answer = http.ask(HttpMethod::Get, url, PATIENCE).await;
    let answer = answer.map_err(|error| in_full(&error))?;
    if answer.body.omitted_bytes > 0 {
        return Err(format!(
            "GET {url}: longer than is kept; ask for fewer traces"
        ));
    }
    let parsed: Result<Answer<T>, _> = serde_json::from_str(&answer.body.text);
    match parsed {
        Ok(parsed) if answer.status == 200 => Ok(parsed.data.unwrap_or_default()),
        Ok(_) => Err(format!("GET {url}: status {}", answer.status)),
        Err(error) => Err(format!("GET {url}: not what Jaeger answers: {error}")),
    }
}

/// `None` if an id is none.
fn recorded(span: Span, service: &str) -> Option<RecordedSpan> {
    let trace = u128::from_str_radix(&span.trace, 16).ok()?;
    let id = |text: &str| u64::from_str_radix(text, 16).ok();
    let (mut parent, mut links) = (None, Vec::new());
    for reference in &span.references {
        let of = u128::from_str_radix(&reference.trace, 16).ok();
        match (reference.ref_type.as_str(), of) {
            ("CHILD_OF", Some(of)) if of == trace => parent = id(&reference.span),
            (_, Some(of)) => links.extend(id(&reference.span).map(|span| (of, span))),
            (_, None) => {}
        }
    }
    let tag = |key: &str| {
        let found = span.tags.iter().find(|tag| tag.key == key);
        found.map(|tag| &tag.value)
    };
    let kind = tag("span.kind").and_then(Json::as_str).unwrap_or_default();
    let is_error = tag("error") == Some(&Json::Bool(true))
        || tag("otel.status_code").and_then(Json::as_str) == Some("ERROR");
    let kind = SpanKind::ALL.iter().find(|(word, _)| *word == kind);
    let status = if is_error {
        SpanStatus::Error
    } else {
        SpanStatus::Unset
    };
    let start = span.start_time.saturating_mul(1000);
    Some(RecordedSpan {
        trace,
        id: id(&span.id)?,
        parent,
        service: service.to_owned(),
        name: span.operation_name,
        kind: kind.map_or_else(SpanKind::default, |(_, kind)| *kind),
        start,
        end: start.saturating_add(span.duration.saturating_mul(1000)),
        status,
        attributes: span
            .tags
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect(),
        links,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{Answer, TestServer};

    /// As Jaeger 1.54 answers.
    const TRACES: &str = r#"{"data":[{"traceID":"0af7651916cd43dd8448eb211c80319c","spans":[
      {"traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"b7ad6b7169203331","flags":1,"operationName":"POST /items",
       "references":[],"startTime":1700000000000000,"duration":12400,
       "tags":[{"key":"span.kind","type":"string","value":"server"}],"logs":[],"processID":"p1","warnings":null},
      {"traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"00f067aa0ba902b7","operationName":"redis_set",
       "references":[{"refType":"CHILD_OF","traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"b7ad6b7169203331"},
                     {"refType":"FOLLOWS_FROM","traceID":"01","spanID":"02"}],
       "startTime":1700000000006000,"duration":1800,
       "tags":[{"key":"span.kind","type":"string","value":"internal"},{"key":"error","type":"bool","value":true}],
       "logs":[],"processID":"p1","warnings":null}],
      "processes":{"p1":{"serviceName":"api","tags":[]}},"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}"#;

    fn says(body: &str) -> Answer {
        Answer::new(200, "", body)
    }

    #[tokio::test]
    async fn spans_are_read_as_jaeger_has_them() {
        let server = TestServer::answering([
            says(
                r#"{"data":["jaeger-all-in-one","api"],"total":2,"limit":0,"offset":0,"errors":null}"#,
            ),
            says(TRACES),
        ]);
        let spans = jaeger_spans(&server.url("/"), 7).await.unwrap();
        assert_eq!(
            server.asked(),
            [
                "GET /api/services",
                "GET /api/traces?service=api&limit=7&lookback=1h"
            ]
        );
        let [root, child] = &spans[..] else {
            panic!("{spans:?}")
        };
        assert_eq!(
            (&*root.service, &*root.name, root.kind),
            ("api", "POST /items", SpanKind::Server)
        );
        assert_eq!((root.parent, root.end - root.start), (None, 12_400_000));
        assert_eq!(
            (child.parent, child.status),
            (Some(root.id), SpanStatus::Error)
        );
        assert_eq!(child.links, [(1, 2)]);
    }

    #[tokio::test]
    async fn what_is_no_jaeger_is_said() {
        let server = TestServer::answering([says("<html>")]);
        let error = jaeger_spans(&server.url(""), 1).await.unwrap_err();
        assert!(error.contains("not what Jaeger answers"), "{error}");
        let failing = TestServer::answering([Answer::new(500, "", r#"{"data":[]}"#)]);
        let error = jaeger_spans(&failing.url(""), 1).await.unwrap_err();
        assert!(error.ends_with("/api/services: status 500"), "{error}");
        let empty = TestServer::answering([says(r#"{"data":null}"#)]);
        assert_eq!(jaeger_spans(&empty.url(""), 1).await, Ok(Vec::new()));
    }
}
