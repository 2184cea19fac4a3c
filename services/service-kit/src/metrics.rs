//! The Prometheus registry of a service and its text format.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;

use crate::ApiError;

/// A registry all of whose metrics carry the label `service`.
pub fn registry(service: &str) -> Registry {
    let label = ("service".into(), service.to_owned().into());
    Registry::with_labels(std::iter::once(label))
}

/// The answer to a scrape, in the Prometheus text format 0.0.4.
pub fn exposition(registry: &Registry) -> Response {
    let mut text = String::new();
    match prometheus_text::encode(&mut text, registry) {
        Ok(()) => (
            [(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)],
            text,
        )
            .into_response(),
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Metrics cannot be shown")
            .because(error)
            .into_response(),
    }
}
