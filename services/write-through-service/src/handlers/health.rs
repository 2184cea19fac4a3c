//! What Docker and Prometheus ask.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use service_kit::exposition;
use tokio::time::timeout;

use crate::state::AppState;

/// For each store, both at once.
const PATIENCE: Duration = Duration::from_millis(900);

/// The answer of `/health`, always with status 200: the service itself is well.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    status: &'static str,
    service: String,
    dependencies: Dependencies,
}

#[derive(Debug, Serialize)]
struct Dependencies {
    redis: &'static str,
    postgres: &'static str,
}

/// GET `/health`
pub(crate) async fn health(State(state): State<AppState>) -> Json<Health> {
    let (redis, postgres) = tokio::join!(is_up(state.cache.ping()), is_up(state.database.ping()));
    let word = |is_up| if is_up { "ok" } else { "down" };
    Json(Health {
        status: if redis && postgres { "ok" } else { "degraded" },
        service: state.service_name.clone(),
        dependencies: Dependencies {
            redis: word(redis),
            postgres: word(postgres),
        },
    })
}

/// GET `/metrics`
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    exposition(&state.metrics.registry)
}

async fn is_up<E>(probe: impl Future<Output = Result<(), E>>) -> bool {
    matches!(timeout(PATIENCE, probe).await, Ok(Ok(())))
}
