//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

/// Far above what a start or a recovery takes; reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Between two questions; who asks without a pause keeps the others from doing what is asked for.
const POLL: Duration = Duration::from_millis(1);

/// Asks for a condition until it holds.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "the condition never held");
        tokio::time::sleep(POLL).await;
    }
}

/// What `future` gives, if it does so in time.
pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(limit, future).await;
    outcome.unwrap_or_else(|_| panic!("no answer within {limit:?}"))
}
