//! What is known of every request for items in the end.

use service_kit::{Answered, HttpMetrics, Observer, UnderWay};

use crate::state::AppState;

impl Observer for AppState {
    fn http_metrics(&self) -> &HttpMetrics {
        &self.metrics.http
    }

    fn under_way(&self) -> Option<&UnderWay> {
        Some(&self.under_way)
    }

    fn log(&self, request: &Answered<'_>) {
        tracing::info!(
            operation = request.operation,
            item_id = request.id,
            trace_id = %request.trace_id,
            cache = request.cache,
            status = request.status,
            total_ms = request.total_ms,
            "request"
        );
    }
}
