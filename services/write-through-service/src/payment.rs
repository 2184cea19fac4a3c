//! Pays what is owed, and brings the link to Redis up again, for as long as the process runs.

use std::time::Duration;

use service_kit::error_chain;

use crate::owed::{Bill, Debt};
use crate::state::AppState;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn pay(state: AppState) {
    let mut pause = FIRST_PAUSE;
    let mut was_up = true;
    loop {
        let outcome = state.cache.bring_up().await;
        if let Err(error) = &outcome
            && was_up
        {
            let error = error_chain(error);
            tracing::warn!(
                store = "redis",
                error,
                "not connected; working without a cache"
            );
        }
        was_up = outcome.is_ok();
        let bill = state.owed.bill();
        if was_up && bill.is_empty() {
            pause = FIRST_PAUSE;
            state.owed.woken().await;
            continue;
        }
        if was_up && pay_bill(&state, bill).await {
            pause = FIRST_PAUSE;
            continue;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether all of it was paid.
async fn pay_bill(state: &AppState, bill: Bill) -> bool {
    if let Some(version) = bill.everything {
        match state.cache.purge().await {
            Ok(keys_deleted) => {
                state.owed.settle_everything(version);
                tracing::info!(keys_deleted, "cache PURGE: no copy was known to be good");
            }
            Err(error) => {
                tracing::debug!(error = error_chain(&error), "purge still owed");
                return false;
            }
        }
    }
    let mut is_all_paid = true;
    for (id, debt) in bill.items {
        if pay_item(state, &id, &debt).await {
            state.owed.settle(&id, &debt);
        } else {
            is_all_paid = false;
        }
    }
    is_all_paid
}

/// Makes the copy what the row is, once the row cannot change behind our back.
async fn pay_item(state: &AppState, id: &str, debt: &Debt) -> bool {
    for session in &debt.unsettled {
        match state.database.is_over(session).await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                let error = error_chain(&error);
                tracing::debug!(item_id = id, error, "write still unsettled");
                return false;
            }
        }
    }
    let row = match state.database.select(id).await {
        Ok(row) => row,
        Err(error) => {
            tracing::debug!(item_id = id, error = error_chain(&error), "row unknown");
            return false;
        }
    };
    let outcome = match &row {
        Some(row) => state.cache.store(row).await.map(drop),
        None => state.cache.drop(id).await.map(drop),
    };
    if let Err(error) = &outcome {
        tracing::debug!(item_id = id, error = error_chain(error), "copy still owed");
    }
    outcome.is_ok()
}
