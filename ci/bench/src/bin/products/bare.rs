//! What one would write first: axum, one Redis connection, one PostgreSQL pool, and nothing else.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use deadpool_postgres::Pool;
use labctl_bench::Failure;
use labctl_bench::bare::{self, Failed};
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Clone)]
struct Stores {
    redis: ConnectionManager,
    postgres: Pool,
}

type Answer = Result<Response, Failed>;

pub(crate) async fn app() -> Result<Router, Failure> {
    let stores = Stores {
        redis: bare::redis().await?,
        postgres: bare::postgres()?,
    };
    Ok(Router::new()
        .route("/products", post(create))
        .route("/products/{id}", get(read).put(update))
        .with_state(stores))
}

async fn read(State(mut stores): State<Stores>, Path(id): Path<String>) -> Answer {
    let cached: Option<Vec<u8>> = stores.redis.get(format!("product:{id}")).await?;
    let cached = cached.ok_or(Failed)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], cached).into_response())
}

async fn create(State(stores): State<Stores>, Json(body): Json<Value>) -> Answer {
    let id = Uuid::new_v4().to_string();
    let client = stores.postgres.get().await?;
    let sql = "INSERT INTO products (id, name, description, price) VALUES ($1, $2, $3, $4::float8::numeric(10,2))";
    let statement = client.prepare_cached(sql).await?;
    let fields = (
        body["name"].as_str(),
        body["description"].as_str(),
        body["price"].as_f64(),
    );
    client
        .execute(&statement, &[&id, &fields.0, &fields.1, &fields.2])
        .await?;
    Ok(
        Json(json!({"id": id, "name": fields.0, "description": fields.1, "price": fields.2}))
            .into_response(),
    )
}

async fn update(
    State(mut stores): State<Stores>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Answer {
    let client = stores.postgres.get().await?;
    let sql = "UPDATE products SET name = $2, description = $3, price = $4::float8::numeric(10,2), updated_at = now() WHERE id = $1";
    let statement = client.prepare_cached(sql).await?;
    let fields = (
        body["name"].as_str(),
        body["description"].as_str(),
        body["price"].as_f64(),
    );
    client
        .execute(&statement, &[&id, &fields.0, &fields.1, &fields.2])
        .await?;
    let () = stores.redis.del(format!("product:{id}")).await?;
    Ok(
        Json(json!({"id": id, "name": fields.0, "description": fields.1, "price": fields.2}))
            .into_response(),
    )
}
