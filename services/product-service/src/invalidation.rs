//! Invalidations that could not be done at once. Until one is, reads of its product bypass the cache.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_kit::SessionId;
use tokio::sync::Notify;

use crate::metrics::Reason;
use crate::state::AppState;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The products whose cache entry may be stale.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    products: Mutex<HashMap<String, Debt>>,
    /// As many as there are products; read without the lock by every lookup.
    count: AtomicUsize,
    added: Notify,
}

/// One product's owed invalidation.
#[derive(Debug, Clone)]
struct Debt {
    reason: Reason,
    /// Sessions with a write that was not answered. As long as one lives the row can still change, so
    /// an invalidation before its end would be too early.
    unsettled: Vec<SessionId>,
    /// Incremented when the debt grows, so that a payment in the meantime does not settle it.
    version: u64,
}

impl Owed {
    /// Whether the cache must not be asked for this product.
    pub(crate) fn is_owed(&self, id: &str) -> bool {
        self.count.load(Ordering::SeqCst) > 0 && self.lock().contains_key(id)
    }

    /// Remembers a product; `session` is the one that has an unanswered write of it.
    pub(crate) fn remember(&self, id: &str, reason: Reason, session: Option<SessionId>) {
        let mut products = self.lock();
        let debt = products.entry(id.to_owned()).or_insert(Debt {
            reason,
            unsettled: Vec::new(),
            version: 0,
        });
        debt.version += 1;
        debt.unsettled.extend(session);
        self.count.store(products.len(), Ordering::SeqCst);
        drop(products);
        self.added.notify_one();
    }

    fn snapshot(&self) -> Vec<(String, Debt)> {
        let products = self.lock();
        products
            .iter()
            .map(|(id, debt)| (id.clone(), debt.clone()))
            .collect()
    }

    fn settle(&self, id: &str, version: u64) {
        let mut products = self.lock();
        if products.get(id).is_some_and(|debt| debt.version == version) {
            products.remove(id);
        }
        self.count.store(products.len(), Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Debt>> {
        // The map is whole between any two statements.
        self.products.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pays what is owed, for as long as the process runs.
pub(crate) async fn pay(state: AppState) {
    let mut pause = FIRST_PAUSE;
    loop {
        let owed = state.owed.snapshot();
        if owed.is_empty() {
            pause = FIRST_PAUSE;
            state.owed.added.notified().await;
            continue;
        }
        let mut is_all_paid = true;
        for (id, debt) in owed {
            if pay_one(&state, &id, &debt).await {
                state.owed.settle(&id, debt.version);
                pause = FIRST_PAUSE;
            } else {
                is_all_paid = false;
            }
        }
        if !is_all_paid {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

async fn pay_one(state: &AppState, id: &str, debt: &Debt) -> bool {
    for session in &debt.unsettled {
        match state.database.is_over(session).await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::debug!(
                    product_id = id,
                    error = error.to_string(),
                    "write still unsettled"
                );
                return false;
            }
        }
    }
    match state.drop_from_cache(id, debt.reason).await {
        Ok(_) => true,
        Err(error) => {
            tracing::debug!(
                product_id = id,
                error = error.to_string(),
                "invalidation still owed"
            );
            false
        }
    }
}
