//! The limit of a whole lab: when it comes, the run is stopped as if a person had interrupted it.

use std::{cell::Cell, future::Future, time::Duration};

use tokio_util::sync::CancellationToken;

/// Whether the lab's time is over.
#[derive(Debug, Default)]
pub(super) struct Expiry(Cell<bool>);

impl Expiry {
    pub(super) fn is_over(&self) -> bool {
        self.0.get()
    }
}

/// Drives `work` to its end; after `limit` cancels `token` and says so in `expiry`.
pub(super) async fn with_limit<T>(
    work: impl Future<Output = T>,
    limit: Duration,
    token: &CancellationToken,
    expiry: &Expiry,
) -> T {
    let watch = async {
        tokio::time::sleep(limit).await;
        expiry.0.set(true);
        token.cancel();
        std::future::pending::<T>().await
    };
    tokio::select! {
        biased;
        done = work => done,
        never = watch => never,
    }
}
