//! Requests counted and timed by method, endpoint and status.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// One method of one route, and the statuses it is known to answer.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The template, such as `/products/{id}`.
    pub template: &'static str,
    /// Shown as zero until the first request; other statuses appear when they first happen.
    pub statuses: &'static [u16],
}

/// `http_requests_total` and `http_request_duration_seconds`.
#[derive(Debug)]
pub struct HttpMetrics {
    known: Vec<KnownEndpoint>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<EndpointLabels, Histogram, fn() -> Histogram>,
}

#[derive(Debug)]
struct KnownEndpoint {
    method: &'static str,
    template: &'static str,
    requests: Vec<(u16, Counter)>,
    seconds: Histogram,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    endpoint: &'static str,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EndpointLabels {
    method: &'static str,
    endpoint: &'static str,
}

impl HttpMetrics {
    /// Registers both metrics, every known series at zero.
    pub fn register(registry: &mut Registry, endpoints: &[Endpoint]) -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        let seconds: Family<EndpointLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from a request's arrival to its answer",
            seconds.clone(),
        );
        let known = endpoints
            .iter()
            .map(|endpoint| KnownEndpoint::create(endpoint, &requests, &seconds))
            .collect();
        Self {
            known,
            requests,
            seconds,
        }
    }

    /// Counts an answer to `method` on the route `template`.
    pub fn observe(
        &self,
        method: &Method,
        template: &'static str,
        status: StatusCode,
        elapsed: Duration,
    ) {
        let method = label(method);
        let status = status.as_u16();
        let known = self
            .known
            .iter()
            .find(|known| known.template == template && known.method == method);
        if let Some(known) = known {
            known.seconds.observe(elapsed.as_secs_f64());
            if let Some((_, requests)) = known.requests.iter().find(|(code, _)| *code == status) {
                requests.inc();
                return;
            }
        } else {
            let labels = EndpointLabels {
                method,
                endpoint: template,
            };
            self.seconds
                .get_or_create(&labels)
                .observe(elapsed.as_secs_f64());
        }
        let labels = RequestLabels {
            method,
            endpoint: template,
            status,
        };
        self.requests.get_or_create(&labels).inc();
    }
}

impl KnownEndpoint {
    fn create(
        endpoint: &Endpoint,
        requests: &Family<RequestLabels, Counter>,
        seconds: &Family<EndpointLabels, Histogram, fn() -> Histogram>,
    ) -> Self {
        let Endpoint {
            method, template, ..
        } = *endpoint;
        let counter = |status: &u16| {
            let labels = RequestLabels {
                method,
                endpoint: template,
                status: *status,
            };
            (*status, requests.get_or_create_owned(&labels))
        };
        let labels = EndpointLabels {
            method,
            endpoint: template,
        };
        Self {
            method,
            template,
            requests: endpoint.statuses.iter().map(counter).collect(),
            seconds: seconds.get_or_create_owned(&labels),
        }
    }
}

/// The method as a label; callers can invent methods, labels must stay few.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" | "HEAD" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::prometheus_text::encode;

    fn lines(registry: &Registry) -> Vec<String> {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with("http_requests_total"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn known_series_are_zero_and_others_appear_when_they_happen() {
        let mut registry = crate::registry("s");
        let endpoint = Endpoint {
            method: "GET",
            template: "/x",
            statuses: &[200],
        };
        let metrics = HttpMetrics::register(&mut registry, &[endpoint]);
        let zero = r#"http_requests_total{service="s",method="GET",endpoint="/x",status="200"} 0"#;
        assert_eq!(lines(&registry), [zero]);

        let odd = Method::from_bytes(b"BREW").unwrap();
        metrics.observe(&Method::GET, "/x", StatusCode::OK, Duration::ZERO);
        metrics.observe(&Method::GET, "/x", StatusCode::IM_A_TEAPOT, Duration::ZERO);
        metrics.observe(&odd, "/x", StatusCode::METHOD_NOT_ALLOWED, Duration::ZERO);
        assert_eq!(
            lines(&registry),
            [
                r#"http_requests_total{service="s",method="GET",endpoint="/x",status="200"} 1"#,
                r#"http_requests_total{service="s",method="GET",endpoint="/x",status="418"} 1"#,
                r#"http_requests_total{service="s",method="other",endpoint="/x",status="405"} 1"#,
            ]
        );
    }
}
