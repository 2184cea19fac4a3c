//! The store's figures.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::state::AppState;

/// The answer of the statistics; without a log, its figures are left out.
#[derive(Debug, Serialize)]
pub(crate) struct Statistics {
    item_count: usize,
    wal_enabled: bool,
    recovered_entries: u64,
    lost_entries: u64,
    #[serde(flatten)]
    log: Option<LogStatistics>,
}

#[derive(Debug, Serialize)]
struct LogStatistics {
    wal_sequence: u64,
    entries_since_checkpoint: u64,
    checkpoint_threshold: u64,
    wal_size_bytes: u64,
}

/// GET `/admin/stats`
pub(crate) async fn stats(State(state): State<AppState>) -> Json<Statistics> {
    let figures = state.store.stats();
    Json(Statistics {
        item_count: figures.items,
        wal_enabled: state.wal_enabled,
        recovered_entries: figures.recovered_entries,
        lost_entries: figures.lost_entries,
        log: figures.log.map(|log| LogStatistics {
            wal_sequence: log.sequence,
            entries_since_checkpoint: log.entries_since_checkpoint,
            checkpoint_threshold: log.checkpoint_threshold,
            wal_size_bytes: log.size_bytes,
        }),
    })
}
