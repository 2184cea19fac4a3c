//! The service with stores of its own, called without a socket.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use service_kit::Environment;
use test_stores::{Postgres, Redis};
use tower::ServiceExt as _;
use write_through_service::{AppState, Config, app};

/// The table of the lab, and its seed with all rows of one instant.
pub(crate) const TABLE: &str = "
CREATE TABLE items (
  id varchar(36) PRIMARY KEY,
  name varchar(255) NOT NULL,
  description text,
  price decimal(10,2) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_items_created_at ON items (created_at DESC);
INSERT INTO items (id, name, description, price, created_at, updated_at) VALUES
  ('b', 'Gadget B', 'Has a button', 49.99, '2024-01-01', '2024-01-01'),
  ('a', 'Widget A', 'Turns left', 29.99, '2024-01-01', '2024-01-01'),
  ('c', 'Gizmo C', 'Forgotten', 50, '2024-01-01', '2024-01-01');
";
/// Far above what recovery takes; reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

const PATIENT: (&str, &str) = ("REDIS_TIMEOUT_MS", "30000");

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
    /// With time for Redis to answer on a machine that is busy.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[PATIENT]).await
    }

    /// With the service's own limits, for stores that fail.
    pub(crate) async fn start_impatient() -> Self {
        Self::start_with(&[]).await
    }

    /// With these environment variables.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let redis = Redis::start();
        let postgres = Postgres::start(TABLE);
        let environment = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let lab = Self {
            service: service(&redis, &postgres, environment.collect()),
            redis,
            postgres,
        };
        lab.until_trusted().await;
        lab
    }

    pub(crate) fn service(&self) -> Router {
        self.service.clone()
    }

    /// Another instance of the service on the same stores.
    pub(crate) fn another(&self) -> Router {
        let (name, value) = PATIENT;
        let variables = vec![(name.to_owned(), value.to_owned())];
        service(&self.redis, &self.postgres, variables)
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.postgres.psql(sql)
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

    /// Until copies are used: what the service owed the cache is paid.
    pub(crate) async fn until_trusted(&self) {
        self.until_healthy().await;
        until(async || self.get("/items/c").await.cache() == "HIT").await;
    }

    /// What Redis holds under a key.
    pub(crate) async fn copy(&self, key: &str) -> Option<String> {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        redis::Cmd::get(key).query_async(&mut redis).await.unwrap()
    }

    pub(crate) async fn until_healthy(&self) {
        until_healthy(&self.service).await;
    }
}

pub(crate) async fn until_healthy(service: &Router) {
    until(async || {
        let health = send(service.clone(), Method::GET, "/health", None).await;
        health.text.contains(r#""status":"ok""#)
    })
    .await;
}

impl Answer {
    /// The status and the JSON body.
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status.as_u16(), self.text.as_str()), (status, body));
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
    }

    /// The raw JSON of a top-level field.
    pub(crate) fn field(&self, name: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text));
        value[name].to_string()
    }

    /// The header `X-Cache`, after a 200.
    pub(crate) fn cache(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.text);
        self.headers["x-cache"].to_str().unwrap()
    }

    /// An error of the contract's form: JSON with one string `detail`.
    pub(crate) fn is_error(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        let body: serde_json::Value = serde_json::from_str(&self.text).unwrap();
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
    answer(service, request.body(body).unwrap()).await
}

pub(crate) async fn answer(service: Router, request: Request<Body>) -> Answer {
    let response = service.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn service(redis: &Redis, postgres: &Postgres, mut variables: Vec<(String, String)>) -> Router {
    variables.push(("REDIS_URL".to_owned(), redis.url()));
    variables.push(("POSTGRES_URL".to_owned(), postgres.url()));
    let config = Config::from_environment(&variables.into_iter().collect::<Environment>()).unwrap();
    app(AppState::start(&config).unwrap())
}
