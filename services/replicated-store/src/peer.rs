//! Another node, and what it says over HTTP.

use std::str::FromStr;
use std::time::Duration;

use reqwest::{Client, Method, Request, RequestBuilder};
use serde_json::Value;
use service_kit::{Span, error_chain, traceparent};

use crate::protocol::Stamp;

/// Carries the epoch of the state that an answer speaks of.
pub(crate) const EPOCH: &str = "x-replication-epoch";
/// Carries the delay that a delivery has waited.
pub(crate) const DELAY: &str = "x-replication-delay-ms";

/// Where a node is, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// As it was configured.
    pub(crate) url: String,
    /// The host.
    pub(crate) name: String,
}

/// A URL names no host.
#[derive(Debug, thiserror::Error)]
#[error("no host in it")]
pub(crate) struct NoHost;

impl FromStr for Peer {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let url = reqwest::Url::parse(text).map_err(|_| NoHost)?;
        let name = url.host_str().ok_or(NoHost)?.to_owned();
        Ok(Self {
            url: text.to_owned(),
            name,
        })
    }
}

/// A node did not give the state that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error("no answer: {}", error_chain(.0))]
    NoAnswer(#[from] reqwest::Error),
    #[error("status {0}")]
    Status(u16),
    #[error("an answer without epoch and version")]
    NoStamp,
}

/// An answer that speaks of a state.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) stamp: Stamp,
    pub(crate) body: Value,
}

impl Peer {
    /// A container of the lab.
    pub(crate) fn lab(name: &str, port: u16) -> Self {
        let name = format!("lab14-{name}");
        let url = format!("http://{name}:{port}");
        Self { url, name }
    }

    pub(crate) async fn get(
        &self,
        http: &Client,
        path: &str,
        patience: Duration,
    ) -> Result<Answer, PeerError> {
        answer(http.get(format!("{}{path}", self.url)), patience).await
    }

    pub(crate) fn post(&self, http: &Client, path: &str) -> RequestBuilder {
        http.post(format!("{}{path}", self.url))
    }
}

/// Sends `request`, and reads what state the answer speaks of.
pub(crate) async fn answer(
    request: RequestBuilder,
    patience: Duration,
) -> Result<Answer, PeerError> {
    let (http, request) = request.timeout(patience).build_split();
    let request = request?;
    let is_post = request.method() == Method::POST;
    let span = Span::client(if is_post { "POST" } else { "GET" });
    span.set("http.method", request.method().as_str());
    span.set("http.url", request.url().as_str());
    let outcome = span.around(send(&http, request, &span)).await;
    if let Err(error) = &outcome {
        span.fail(&error.to_string());
    }
    outcome
}

async fn send(http: &Client, mut request: Request, span: &Span) -> Result<Answer, PeerError> {
    if let Some(parent) = traceparent().and_then(|text| text.parse().ok()) {
        request.headers_mut().insert("traceparent", parent);
    }
    let response = http.execute(request).await?;
    span.set("http.status_code", u32::from(response.status().as_u16()));
    if response.status() != 200 {
        return Err(PeerError::Status(response.status().as_u16()));
    }
    let epoch = response.headers().get(EPOCH);
    let epoch = epoch.and_then(|value| value.to_str().ok()?.parse().ok());
    let body: Value = response.json().await?;
    let version = body.get("version").and_then(Value::as_u64);
    let (Some(epoch), Some(version)) = (epoch, version) else {
        return Err(PeerError::NoStamp);
    };
    let stamp = Stamp { epoch, version };
    Ok(Answer { stamp, body })
}
