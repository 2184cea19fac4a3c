//! A request to a service without a socket, and what comes back.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

/// The answer to a request, with `body` as JSON.
pub async fn send(service: Router, method: Method, path: &str, body: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = Body::from(body.unwrap_or_default().to_owned());
    call(service, request.body(body).unwrap()).await
}

/// The answer to a request.
pub async fn call(service: Router, request: Request<Body>) -> Answer {
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

impl Answer {
    /// The status and the JSON body, to the letter.
    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (status, body));
        self.is_json();
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    /// The raw JSON of a top-level field.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        self.json()[name].to_string()
    }

    /// An error of the form `{"detail": "…"}`; gives the detail.
    #[track_caller]
    pub fn is_error(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.is_json();
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        body["detail"].as_str().unwrap().to_owned()
    }

    /// A 422 with one problem for each of `expected`: its type and its place.
    #[track_caller]
    pub fn is_refused(&self, expected: &[(&str, &str)]) {
        assert_eq!(self.status, 422, "{}", self.text);
        self.is_json();
        let body = self.json();
        let problems = body["detail"].as_array().unwrap();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                assert!(problem["msg"].is_string(), "{problem}");
                let place = problem["loc"].as_array().unwrap().last().unwrap();
                let place = place.as_str().unwrap_or("<offset>");
                (problem["type"].as_str().unwrap(), place)
            })
            .collect();
        assert_eq!(found, expected);
    }

    /// The value of a series, where the body is that of `/metrics`.
    #[track_caller]
    pub fn metric(&self, series: &str) -> f64 {
        let mut lines = self.text.lines();
        let value = lines.find_map(|line| line.strip_prefix(series));
        let value = value.unwrap_or_else(|| panic!("no series {series} in\n{}", self.text));
        value.trim().parse().unwrap()
    }

    #[track_caller]
    fn is_json(&self) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
    }
}
