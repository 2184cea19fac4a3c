//! A queue, a database, the API that fills the one and the binary that drains it into the other.

use std::time::Duration;

use axum::Router;
use axum::http::Method;
use redis::Commands as _;
use service_kit::Environment;
use test_service::{Answer, Program, Running, send, until};
use test_stores::{Postgres, Redis};
use write_behind_api::{AppState, app};
use write_behind_queue::{Entry, Operation, PROCESSING, Producer, Product, QUEUE};

pub(crate) const PROGRAM: Program = Program::new(env!("CARGO_BIN_EXE_write-behind-worker"));

/// Joined updates wait for each other for as long as a test takes.
pub(crate) const WINDOW: Option<Duration> = Some(Duration::from_mins(10));

/// The lab's table; every state that a row takes is kept.
const TABLE: &str = "
CREATE TABLE products (
  id varchar(36) PRIMARY KEY,
  name varchar(255) NOT NULL,
  price decimal(10,2) NOT NULL,
  quantity integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO products VALUES
  ('a', 'a0', 1.5, 0, '2024-01-01 00:00:00Z', '2024-01-01 00:00:00Z'),
  ('c', 'c0', 1.5, 0, '2024-01-01 00:00:00Z', '2024-01-01 00:00:00Z');
CREATE TABLE history (place serial, id text, name text);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO history (id, name) SELECT COALESCE(NEW.id, OLD.id), COALESCE(NEW.name, 'deleted');
  RETURN NULL;
END $$;
CREATE TRIGGER remember AFTER INSERT OR UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION remember();
";

pub(crate) struct Lab {
    pub(crate) redis: Redis,
    pub(crate) postgres: Postgres,
    pub(crate) producer: Producer,
}

impl Lab {
    pub(crate) fn start() -> Self {
        let redis = Redis::start();
        let patience = Duration::from_secs(30);
        Self {
            producer: Producer::open(&redis.url(), patience, None).unwrap(),
            postgres: Postgres::start(TABLE),
            redis,
        }
    }

    /// A worker in a hurry, with these variables as well.
    pub(crate) fn worker(&self, variables: &[(&str, &str)]) -> Running {
        worker_at(&self.redis.url(), &self.postgres.url(), variables)
    }

    /// The API, called without a socket.
    pub(crate) fn api(&self, window_ms: &str) -> Api {
        let environment = Environment::from_iter([
            ("REDIS_URL", self.redis.url()),
            ("DATABASE_URL", self.postgres.url()),
            ("REDIS_TIMEOUT_MS", "30000".to_owned()),
            ("COALESCING_WINDOW_MS", window_ms.to_owned()),
        ]);
        let config = write_behind_api::Config::from_environment(&environment).unwrap();
        Api(app(AppState::start(&config).unwrap()))
    }

    pub(crate) fn raw(&self) -> redis::Connection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_connection().unwrap()
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.postgres.psql(sql)
    }

    /// Each product's id and name.
    pub(crate) fn rows(&self) -> String {
        self.sql("SELECT string_agg(id || '=' || name, ' ' ORDER BY id) FROM products")
    }

    /// The states that a product's row took, oldest first.
    pub(crate) fn history(&self, id: &str) -> String {
        let names = "SELECT string_agg(name, ' ' ORDER BY place) FROM history";
        self.sql(&format!("{names} WHERE id = '{id}'"))
    }

    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        self.raw().lrange(key, 0, -1).unwrap()
    }

    /// The names, or operations, of what waits, oldest first.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let texts = self.list(QUEUE).into_iter();
        let name = |text: String| match Entry::decode(text.as_bytes()).unwrap().operation {
            Operation::Insert(product) | Operation::Update(product) => product.name,
            Operation::Delete(id) => format!("{id} deleted"),
        };
        texts.map(name).collect()
    }

    /// Puts a text at the end of the queue, past the API.
    pub(crate) fn push(&self, text: &str) {
        let _: u64 = self.raw().rpush(QUEUE, text).unwrap();
    }

    /// Queues an update, or lets it join the one that waits.
    pub(crate) async fn update(&self, id: &str, name: &str, window: Option<Duration>) {
        let product = product(id, name);
        let value = serde_json::to_string(&product).unwrap();
        let entry = entry(Operation::Update(product));
        let update = self.producer.update(id, &value, &entry, window);
        update.await.unwrap();
    }

    pub(crate) async fn insert(&self, id: &str, name: &str) {
        let product = product(id, name);
        let value = serde_json::to_string(&product).unwrap();
        let entry = entry(Operation::Insert(product));
        self.producer.create(id, &value, &entry).await.unwrap();
    }

    pub(crate) async fn delete(&self, id: &str) {
        let entry = entry(Operation::Delete(id.to_owned()));
        self.producer.delete(id, &entry).await.unwrap();
    }

    /// Until nothing waits and nothing is claimed.
    pub(crate) async fn until_drained(&self) {
        let mut raw = self.raw();
        until(async || is_drained(&mut raw)).await;
    }
}

/// As [`Lab::worker`], with its stores elsewhere.
pub(crate) fn worker_at(redis: &str, postgres: &str, variables: &[(&str, &str)]) -> Running {
    let mut command = PROGRAM.command();
    command
        .env("REDIS_URL", redis)
        .env("DATABASE_URL", postgres)
        .env("FLUSH_INTERVAL_MS", "10")
        .env("RETRY_DELAY_MS", "10")
        .envs(variables.iter().copied());
    Running::start(command)
}

pub(crate) fn is_drained(raw: &mut redis::Connection) -> bool {
    let mut both = redis::pipe();
    both.atomic().llen(QUEUE).llen(PROCESSING);
    let (waiting, claimed): (u64, u64) = both.query(raw).unwrap();
    waiting + claimed == 0
}

/// The API's routes.
#[derive(Clone)]
pub(crate) struct Api(Router);

impl Api {
    pub(crate) async fn post(&self, body: &str) -> Answer {
        send(self.0.clone(), Method::POST, "/products", Some(body)).await
    }

    pub(crate) async fn put(&self, id: &str, body: &str) -> Answer {
        let path = format!("/products/{id}");
        send(self.0.clone(), Method::PUT, &path, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.0.clone(), Method::GET, path, None).await
    }
}

pub(crate) fn product(id: &str, name: &str) -> Product {
    let time = "2024-05-01T12:00:00.000000+00:00".to_owned();
    Product {
        id: id.to_owned(),
        name: name.to_owned(),
        price: 1.5,
        quantity: 1,
        created_at: time.clone(),
        updated_at: time,
    }
}

pub(crate) fn entry(operation: Operation) -> String {
    let entry = Entry {
        operation,
        timestamp: 1.25,
        coalesced_count: 1,
    };
    entry.encode().unwrap()
}

/// The value of a series of the worker's.
pub(crate) fn metric(worker: &Running, series: &str) -> f64 {
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let text = worker.ask(request).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(series));
    let value = value.unwrap_or_else(|| panic!("no series {series} in\n{text}"));
    value.trim().parse().unwrap()
}

/// Checks a counter that must be a whole number.
#[track_caller]
pub(crate) fn counts(worker: &Running, series: &str, expected: u32) {
    let found = metric(worker, series);
    let difference = (found - f64::from(expected)).abs();
    assert!(difference < 0.5, "{series} is {found}, not {expected}");
}
