//! What the bare servers share.

use std::env::vars;
use std::error::Error;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use deadpool_postgres::{Manager, Pool};
use redis::aio::ConnectionManager;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_postgres::NoTls;

use crate::Failure;

/// Serves `app`, and `/health`, on the address in `LISTEN`.
///
/// # Errors
/// The first of `app`, or there is no such address.
pub fn serve(app: impl Future<Output = Result<Router, Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let health = get(async || Json(json!({"status": "ok"})));
        let app = app.await?.route("/health", health);
        Ok(axum::serve(TcpListener::bind(variable("LISTEN")?).await?, app).await?)
    })
}

/// A variable of the environment.
///
/// # Errors
/// When it is not set.
pub fn variable(name: &str) -> Result<String, String> {
    let found = vars().find_map(|(key, value)| (key == name).then_some(value));
    found.ok_or_else(|| format!("{name} is not set"))
}

/// One Redis connection.
///
/// # Errors
/// When `REDIS_URL` names none.
pub async fn redis() -> Result<ConnectionManager, Failure> {
    let client = redis::Client::open(variable("REDIS_URL")?)?;
    Ok(ConnectionManager::new(client).await?)
}

/// One PostgreSQL pool.
///
/// # Errors
/// When `POSTGRES_URL` names none.
pub fn postgres() -> Result<Pool, Failure> {
    let manager = Manager::new(variable("POSTGRES_URL")?.parse()?, NoTls);
    Ok(Pool::builder(manager).max_size(10).build()?)
}

/// Whatever went wrong: a 500.
#[derive(Debug)]
pub struct Failed;

impl<E: Error> From<E> for Failed {
    fn from(_: E) -> Self {
        Self
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
