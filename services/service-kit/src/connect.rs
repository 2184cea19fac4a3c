//! The first contact with a store, which may come up later than the service.

use std::time::Duration;

use crate::error_chain;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Tries until it works, with growing pauses, and logs each failure and at last that `store` is connected.
pub async fn connect<E: std::error::Error>(
    store: &'static str,
    mut attempt: impl AsyncFnMut() -> Result<(), E>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Ok(()) => {
                tracing::info!(store, "connected");
                return;
            }
            Err(error) => tracing::warn!(store, error = error_chain(&error), "not connected yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
