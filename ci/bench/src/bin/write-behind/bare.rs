//! What one would write first: the copy and the queue's entry in one transaction of Redis.

use axum::extract::{Path, State};
use axum::routing::{post, put};
use axum::{Json, Router};
use labctl_bench::Failure;
use labctl_bench::bare::{self, Failed};
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;
use serde_json::{Value, json};
use uuid::Uuid;

/// As old as any: to write the time of day is not what is measured.
const TIME: &str = "2024-05-01T12:00:00.123456+00:00";

pub(crate) async fn app() -> Result<Router, Failure> {
    Ok(Router::new()
        .route("/products", post(create))
        .route("/products/{id}", put(update))
        .with_state(bare::redis().await?))
}

async fn create(
    State(redis): State<ConnectionManager>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Failed> {
    let id = Uuid::new_v4().to_string();
    write(redis, "insert", product(&id, &body, TIME)).await
}

async fn update(
    State(mut redis): State<ConnectionManager>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Failed> {
    let found: Option<Vec<u8>> = redis.get(format!("cache:product:{id}")).await?;
    let found: Value = serde_json::from_slice(&found.ok_or(Failed)?)?;
    let created_at = found["created_at"].as_str().ok_or(Failed)?;
    write(redis, "update", product(&id, &body, created_at)).await
}

fn product(id: &str, body: &Value, created_at: &str) -> Value {
    json!({
        "id": id, "name": body["name"], "price": body["price"], "quantity": body["quantity"],
        "created_at": created_at, "updated_at": TIME,
    })
}

async fn write(
    mut redis: ConnectionManager,
    operation: &str,
    product: Value,
) -> Result<Json<Value>, Failed> {
    let id = product["id"].as_str().ok_or(Failed)?;
    let entry = json!({
        "id": id, "operation": operation, "data": product,
        "timestamp": 1_714_564_800.123_456, "coalesced_count": 1,
    });
    let mut commands = redis::pipe();
    commands
        .atomic()
        .set(format!("cache:product:{id}"), product.to_string())
        .ignore()
        .rpush("write_behind:queue", entry.to_string())
        .ignore()
        .hincr("write_behind:pending", id, 1)
        .ignore();
    let () = commands.query_async(&mut redis).await?;
    Ok(Json(product))
}
