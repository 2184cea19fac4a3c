//! The cache as a whole.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use service_kit::ApiError;

use crate::cache::CacheError;
use crate::state::AppState;

/// The answer of the statistics; the totals are Redis' own, over all its clients.
#[derive(Debug, Serialize)]
pub(crate) struct Stats {
    cached_items: usize,
    total_hits: u64,
    total_misses: u64,
    hit_rate: f64,
}

/// The answer of a clear.
#[derive(Debug, Serialize)]
pub(crate) struct Cleared {
    status: &'static str,
    keys_deleted: u64,
}

/// GET `/cache/stats`
pub(crate) async fn stats(State(state): State<AppState>) -> Result<Json<Stats>, ApiError> {
    let counts = state.cache.keyspace_hits_and_misses().await;
    let (total_hits, total_misses) = counts.map_err(unavailable)?;
    Ok(Json(Stats {
        cached_items: state.cache.count().await.map_err(unavailable)?,
        total_hits,
        total_misses,
        hit_rate: percent(total_hits, total_hits + total_misses),
    }))
}

/// POST `/cache/clear`
pub(crate) async fn clear(State(state): State<AppState>) -> Result<Json<Cleared>, ApiError> {
    let keys_deleted = state.cache.clear().await.map_err(unavailable)?;
    tracing::info!(keys_deleted, "cache CLEAR");
    Ok(Json(Cleared {
        status: "cleared",
        keys_deleted,
    }))
}

fn unavailable(error: CacheError) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cache unavailable").because(error)
}

/// Rounded to two decimals; 0 of nothing.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact far beyond any count of requests"
    )]
    let share = part as f64 / whole as f64;
    (share * 10_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hit_rates_have_two_decimals() {
        assert!((percent(0, 0) - 0.0).abs() < f64::EPSILON);
        assert!((percent(20, 25) - 80.0).abs() < f64::EPSILON);
        assert!((percent(2, 3) - 66.67).abs() < f64::EPSILON);
    }
}
