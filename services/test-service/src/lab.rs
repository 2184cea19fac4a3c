//! A service on a Redis and a PostgreSQL of its own.

use std::marker::PhantomData;

use axum::Router;
use axum::http::Method;
use redis::aio::MultiplexedConnection;
use service_kit::Environment;
use test_stores::{Postgres, Redis};

use crate::{Answer, send, until};

/// Time for Redis to answer on a machine that is busy.
const PATIENT: (&str, &str) = ("REDIS_TIMEOUT_MS", "30000");

/// How a service is set up.
pub trait Service: Sized {
    /// Makes its tables, and fills them.
    const SCHEMA: &'static str;

    /// Its routes, with what the environment says.
    fn app(environment: &Environment) -> Router;

    /// Whether a test may begin.
    fn is_ready(lab: &Lab<Self>) -> impl Future<Output = bool> {
        is_healthy(&lab.service)
    }
}

/// A running service, called without a socket, and its stores.
#[derive(Debug)]
pub struct Lab<S> {
    /// Its Redis.
    pub redis: Redis,
    /// Its PostgreSQL.
    pub postgres: Postgres,
    service: Router,
    of: PhantomData<S>,
}

impl<S: Service> Lab<S> {
    /// With time for Redis to answer on a machine that is busy.
    pub async fn start() -> Self {
        Self::start_with(&[PATIENT]).await
    }

    /// With the service's own limits, for stores that fail.
    pub async fn start_impatient() -> Self {
        Self::start_with(&[]).await
    }

    /// With these environment variables.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let redis = Redis::start();
        let postgres = Postgres::start(S::SCHEMA);
        let lab = Self {
            service: service::<S>(&redis, &postgres, variables),
            redis,
            postgres,
            of: PhantomData,
        };
        until(async || S::is_ready(&lab).await).await;
        lab
    }

    /// Another instance of the service on the same stores.
    pub fn another(&self) -> Router {
        service::<S>(&self.redis, &self.postgres, &[PATIENT])
    }
}

impl<S> Lab<S> {
    /// Its routes.
    pub fn service(&self) -> Router {
        self.service.clone()
    }

    /// What PostgreSQL answers.
    pub fn sql(&self, sql: &str) -> String {
        self.postgres.psql(sql)
    }

    /// A connection to its Redis.
    pub async fn redis_connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// The answer to a GET.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.service(), Method::GET, path, None).await
    }

    /// The answer to a POST of JSON.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        send(self.service(), Method::POST, path, Some(body)).await
    }

    /// The answer to a PUT of JSON.
    pub async fn put(&self, path: &str, body: &str) -> Answer {
        send(self.service(), Method::PUT, path, Some(body)).await
    }

    /// The answer to a DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        send(self.service(), Method::DELETE, path, None).await
    }

    /// The value of a series in `/metrics`, by its name and labels.
    pub async fn metric(&self, series: &str) -> f64 {
        self.get("/metrics").await.metric(series)
    }

    /// Until its stores are there for it.
    pub async fn until_healthy(&self) {
        until(async || is_healthy(&self.service).await).await;
    }
}

/// Whether it says that all is well.
pub async fn is_healthy(service: &Router) -> bool {
    let health = send(service.clone(), Method::GET, "/health", None).await;
    health.text.contains(r#""status":"ok""#)
}

fn service<S: Service>(redis: &Redis, postgres: &Postgres, variables: &[(&str, &str)]) -> Router {
    let urls = [("REDIS_URL", redis.url()), ("POSTGRES_URL", postgres.url())];
    let given = variables.iter();
    let given = given.map(|(name, value)| (*name, (*value).to_owned()));
    S::app(&given.chain(urls).collect())
}
