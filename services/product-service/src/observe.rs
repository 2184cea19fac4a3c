//! What is known of every request for products in the end.

use service_kit::{Answered, HttpMetrics, Observer};

use crate::state::AppState;

impl Observer for AppState {
    fn http_metrics(&self) -> &HttpMetrics {
        &self.metrics.http
    }

    fn log(&self, request: &Answered<'_>) {
        tracing::info!(
            operation = request.operation,
            product_id = request.id,
            trace_id = %request.trace_id,
            cache = request.cache,
            status = request.status,
            total_ms = request.total_ms,
            "request"
        );
    }
}
