//! The service with stores of its own, called without a socket.

use axum::Router;
use service_kit::Environment;
use test_service::{Answer, Service, is_healthy};
use write_through_service::{AppState, Config, app};

/// A running service and its stores.
pub(crate) type Lab = test_service::Lab<Items>;

pub(crate) struct Items;

impl Service for Items {
    /// The table of the lab, and its seed with all rows of one instant.
    const SCHEMA: &str = "
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

    fn app(environment: &Environment) -> Router {
        let config = Config::from_environment(environment).unwrap();
        app(AppState::start(&config).unwrap())
    }

    /// Copies are used: what the service owed the cache is paid.
    async fn is_ready(lab: &Lab) -> bool {
        is_healthy(&lab.service()).await && lab.get("/items/c").await.cache() == "HIT"
    }
}

/// What an answer says of the cache.
pub(crate) trait Cache {
    /// The header `X-Cache`, after a 200.
    fn cache(&self) -> &str;
}

impl Cache for Answer {
    #[track_caller]
    fn cache(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.text);
        self.headers["x-cache"].to_str().unwrap()
    }
}

/// What Redis holds under a key.
pub(crate) async fn copy(lab: &Lab, key: &str) -> Option<String> {
    let mut redis = lab.redis_connection().await;
    redis::Cmd::get(key).query_async(&mut redis).await.unwrap()
}
