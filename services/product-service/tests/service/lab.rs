//! The service with stores of its own, called without a socket.

use axum::Router;
use product_service::{AppState, Config, app};
use service_kit::Environment;
use test_service::{Answer, Service};

/// A running service and its stores.
pub(crate) type Lab = test_service::Lab<Products>;

pub(crate) struct Products;

impl Service for Products {
    /// The table of the lab, and its seed with all rows of one instant.
    const SCHEMA: &str = "
CREATE TABLE products (
  id varchar(36) PRIMARY KEY,
  name varchar(255) NOT NULL,
  description text,
  price decimal(10,2) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_products_created_at ON products (created_at DESC);
INSERT INTO products (id, name, description, price, created_at, updated_at) VALUES
  ('prod-002', 'Mechanical Keyboard', 'Clicks', 149.99, '2024-01-01', '2024-01-01'),
  ('prod-001', 'Wireless Mouse', 'Runs on one battery', 29.99, '2024-01-01', '2024-01-01'),
  ('prod-003', 'USB-C Hub', 'Seven ports', 50, '2024-01-01', '2024-01-01');
";

    fn app(environment: &Environment) -> Router {
        let config = Config::from_environment(environment).unwrap();
        app(AppState::start(&config).unwrap())
    }
}

/// What an answer says of the cache.
pub(crate) trait CacheStatus {
    /// `cache_status`, after a 200.
    fn cache_status(&self) -> String;
}

impl CacheStatus for Answer {
    #[track_caller]
    fn cache_status(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.field("cache_status").trim_matches('"').to_owned()
    }
}
