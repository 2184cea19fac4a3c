//! What the lessons look at and repair: the cache and the service's own counters.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use service_kit::{ApiError, PathId};

use super::cache_error;
use crate::cache::Cache;
use crate::metrics::Reason;
use crate::product::not_found;
use crate::state::AppState;

/// Keys shown in the statistics.
const SAMPLE: usize = 10;
/// What Redis says of a key that is not there.
const GONE: i64 = -2;

/// The answer of a clear.
#[derive(Debug, Serialize)]
pub(crate) struct Cleared {
    status: &'static str,
    keys_deleted: u64,
}

/// The answer about one key; `value` is left out where there is none.
#[derive(Debug, Serialize)]
pub(crate) struct KeyState {
    key: String,
    exists: bool,
    ttl_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// The answer of a manual invalidation.
#[derive(Debug, Serialize)]
pub(crate) struct Invalidated {
    status: &'static str,
    key: String,
    key_existed: bool,
}

/// The answer of the statistics.
#[derive(Debug, Serialize)]
pub(crate) struct Stats {
    #[serde(rename = "service_stats")]
    service: ServiceStats,
    #[serde(rename = "redis_stats")]
    redis: RedisStats,
    cache_state: CacheState,
}

#[derive(Debug, Serialize)]
struct ServiceStats {
    total_reads: u64,
    cache_hits: u64,
    cache_misses: u64,
    hit_rate_percent: f64,
    writes: u64,
    invalidations: u64,
}

#[derive(Debug, Serialize)]
struct RedisStats {
    keyspace_hits: u64,
    keyspace_misses: u64,
}

#[derive(Debug, Serialize)]
struct CacheState {
    cached_items: usize,
    cache_ttl_seconds: u32,
    sample_keys_with_ttl: Map<String, Value>,
}

/// POST `/admin/cache/clear`
pub(crate) async fn clear(State(state): State<AppState>) -> Result<Json<Cleared>, ApiError> {
    let keys_deleted = state.cache.clear().await.map_err(cache_error)?;
    state
        .metrics
        .invalidations
        .count(Reason::ClearAll, keys_deleted);
    tracing::info!(keys_deleted, "cache CLEAR");
    Ok(Json(Cleared {
        status: "cleared",
        keys_deleted,
    }))
}

/// GET `/admin/cache/key/{id}`
pub(crate) async fn show_key(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<KeyState>, ApiError> {
    let id = id.text().ok_or_else(not_found)?;
    let entry = state.cache.entry(&id).await.map_err(cache_error)?;
    Ok(Json(KeyState {
        key: Cache::key(&id),
        exists: entry.is_some(),
        ttl_seconds: entry.as_ref().map_or(GONE, |entry| entry.ttl_seconds),
        value: entry.map(|entry| shown(&entry.value)),
    }))
}

/// POST `/admin/invalidate/{id}`
pub(crate) async fn invalidate(
    State(state): State<AppState>,
    id: PathId,
) -> Result<Json<Invalidated>, ApiError> {
    let id = id.text().ok_or_else(not_found)?;
    let dropped = state.drop_from_cache(&id, Reason::Manual).await;
    Ok(Json(Invalidated {
        status: "invalidated",
        key: Cache::key(&id),
        key_existed: dropped.map_err(cache_error)?,
    }))
}

/// GET `/admin/cache-stats`
pub(crate) async fn stats(State(state): State<AppState>) -> Result<Json<Stats>, ApiError> {
    let counts = state.cache.keyspace_hits_and_misses().await;
    let (keyspace_hits, keyspace_misses) = counts.map_err(cache_error)?;
    let keys = state.cache.keys().await.map_err(cache_error)?;
    let sample: Vec<_> = keys.iter().take(SAMPLE).collect();
    let ttls = state.cache.ttls(&sample).await.map_err(cache_error)?;
    let sample_keys_with_ttl = sample
        .iter()
        .zip(ttls)
        .filter(|(_, ttl)| *ttl != GONE)
        .map(|(key, ttl)| (String::from_utf8_lossy(key).into_owned(), ttl.into()))
        .collect();
    Ok(Json(Stats {
        service: service_stats(&state),
        redis: RedisStats {
            keyspace_hits,
            keyspace_misses,
        },
        cache_state: CacheState {
            cached_items: keys.len(),
            cache_ttl_seconds: state.cache_ttl_seconds,
            sample_keys_with_ttl,
        },
    }))
}

fn service_stats(state: &AppState) -> ServiceStats {
    let metrics = &state.metrics;
    let (hits, misses) = (metrics.cache_hits.get(), metrics.cache_misses.get());
    ServiceStats {
        total_reads: metrics.total_reads.load(Ordering::Relaxed),
        cache_hits: hits,
        cache_misses: misses,
        hit_rate_percent: percent(hits, hits + misses),
        writes: metrics.total_writes.load(Ordering::Relaxed),
        invalidations: metrics.invalidations.total(),
    }
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

/// An entry's value as JSON; one that is no JSON as a string.
fn shown(value: &[u8]) -> Value {
    serde_json::from_slice(value)
        .unwrap_or_else(|_| String::from_utf8_lossy(value).into_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hit_rates_have_two_decimals() {
        assert!((percent(0, 0) - 0.0).abs() < f64::EPSILON);
        assert!((percent(20, 25) - 80.0).abs() < f64::EPSILON);
        assert!((percent(1, 3) - 33.33).abs() < f64::EPSILON);
        assert!((percent(2, 3) - 66.67).abs() < f64::EPSILON);
    }
}
