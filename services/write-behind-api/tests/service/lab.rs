//! The service with stores of its own, called without a socket. No worker runs: what is queued stays.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use redis::Commands as _;
use serde_json::Value;
use service_kit::Environment;
use test_stores::{Postgres, Redis};
use tower::ServiceExt as _;
use write_behind_api::{AppState, Config, app};

/// The table of the lab, and rows of one instant.
pub(crate) const TABLE: &str = "
CREATE TABLE products (
  id varchar(36) PRIMARY KEY,
  name varchar(255) NOT NULL,
  price decimal(10,2) NOT NULL,
  quantity integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO products VALUES
  ('a', 'Widget A', 19.99, 100, '2024-01-01 00:00:00Z', '2024-01-01 00:00:00Z'),
  ('b', 'Widget B', 29.99, 50, '2024-01-01 00:00:00Z', '2024-01-01 00:00:00Z');
";
/// The row `a`, as it is cached.
pub(crate) const A: &str = r#"{"id":"a","name":"Widget A","price":19.99,"quantity":100,"created_at":"2024-01-01T00:00:00.000000+00:00","updated_at":"2024-01-01T00:00:00.000000+00:00"}"#;
pub(crate) const NEW: &str = r#"{"name":"New","price":7,"quantity":1}"#;
pub(crate) const NOT_FOUND: &str = r#"{"detail":"Product not found"}"#;
/// Far above what recovery takes; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// Time for Redis to answer, and for updates to join, on a machine that is busy.
const PATIENT: [(&str, &str); 2] = [
    ("REDIS_TIMEOUT_MS", "30000"),
    ("COALESCING_WINDOW_MS", "600000"),
];

/// A running service and its stores.
pub(crate) struct Lab {
    pub(crate) redis: Redis,
    pub(crate) postgres: Postgres,
    service: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Lab {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With these environment variables.
    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Self {
        let redis = Redis::start();
        let postgres = Postgres::start(TABLE);
        let service = service(&redis, &postgres, &[&PATIENT, variables].concat());
        Self {
            redis,
            postgres,
            service,
        }
    }

    /// With the service's own limits, for stores that fail.
    pub(crate) fn start_impatient() -> Self {
        Self::start_with(&[("REDIS_TIMEOUT_MS", "")])
    }

    pub(crate) fn service(&self) -> Router {
        self.service.clone()
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.postgres.psql(sql)
    }

    pub(crate) fn raw(&self) -> redis::Connection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_connection().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.service(), Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        send(self.service(), Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        send(self.service(), Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.service(), Method::DELETE, path, None).await
    }

    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        let value = line.unwrap_or_else(|| panic!("no series {series} in\n{text}"));
        value.trim().parse().unwrap()
    }

    /// What Redis holds of a product.
    pub(crate) fn copy(&self, id: &str) -> Option<String> {
        self.raw().get(format!("cache:product:{id}")).unwrap()
    }

    /// What waits, oldest first.
    pub(crate) fn queue(&self) -> Vec<String> {
        self.raw().lrange("write_behind:queue", 0, -1).unwrap()
    }
}

impl Answer {
    /// The status and the JSON body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (status, body));
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
    }

    /// The JSON body, after a 200.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// An error of the contract's form: JSON with one string `detail`.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        let body: Value = serde_json::from_str(&self.text).unwrap();
        let fields = body.as_object().unwrap();
        assert!(fields.len() == 1 && fields["detail"].is_string(), "{body}");
    }
}

/// Asks for a condition until it holds.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "the condition never held");
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn send(
    service: Router,
    method: Method,
    path: &str,
    body: Option<&str>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = Body::from(body.unwrap_or_default().to_owned());
    let response = service.oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn service(redis: &Redis, postgres: &Postgres, variables: &[(&str, &str)]) -> Router {
    let stores = [
        ("REDIS_URL".to_owned(), redis.url()),
        ("DATABASE_URL".to_owned(), postgres.url()),
    ];
    let variables = variables
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let environment: Environment = variables.chain(stores).collect();
    app(AppState::start(&Config::from_environment(&environment).unwrap()).unwrap())
}
