//! Work that outlives its caller.

use axum::http::StatusCode;

use crate::{ApiError, with_current_span};

/// Runs `work` to its end even if the caller hangs up, as a write of two stores must be.
///
/// # Errors
/// Those of `work`; a panic is a 500.
pub async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(with_current_span(work))
        .await
        .unwrap_or_else(|panic| {
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal error").because(panic))
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_is_done_although_nobody_waits_any_more() {
        let (start, started) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        let mut work = Box::pin(to_its_end(async move {
            let _ = started.await;
            let _ = end.send(());
            Ok(())
        }));
        let waited = tokio::time::timeout(Duration::ZERO, &mut work).await;
        assert!(waited.is_err());
        drop(work);
        start.send(()).unwrap();
        ended.await.unwrap();
    }
}
