//! What one would write first: the INSERT, then the SET.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use deadpool_postgres::Pool;
use labctl_bench::Failure;
use labctl_bench::bare::{self, Failed};
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;
use serde_json::{Value, json};
use uuid::Uuid;

const INSERT: &str = "
INSERT INTO items (id, name, description, price) VALUES ($1, $2, $3, $4::float8::numeric(10,2))
RETURNING created_at::text, updated_at::text
";

#[derive(Clone)]
struct Stores {
    redis: ConnectionManager,
    postgres: Pool,
}

pub(crate) async fn app() -> Result<Router, Failure> {
    let stores = Stores {
        redis: bare::redis().await?,
        postgres: bare::postgres()?,
    };
    Ok(Router::new()
        .route("/items", post(create))
        .with_state(stores))
}

async fn create(
    State(mut stores): State<Stores>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Failed> {
    let id = Uuid::new_v4().to_string();
    let client = stores.postgres.get().await?;
    let insert = client.prepare_cached(INSERT).await?;
    let (name, description) = (body["name"].as_str(), body["description"].as_str());
    let price = body["price"].as_f64();
    let row = client
        .query_one(&insert, &[&id, &name, &description, &price])
        .await?;
    drop(client);
    let item = json!({
        "id": id, "name": name, "description": description, "price": price,
        "created_at": row.get::<_, &str>(0), "updated_at": row.get::<_, &str>(1),
    });
    let () = stores
        .redis
        .set_ex(format!("item:{id}"), item.to_string(), 300)
        .await?;
    Ok(Json(item))
}
