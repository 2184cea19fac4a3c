//! The copies that may be stale: a write changed the row, or may have, and Redis did not confirm its part.
//! Until that is made up for, their items are read from the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use service_kit::SessionId;
use tokio::sync::Notify;

/// Above this, all copies are thrown away rather than remembered one by one.
const MOST_ITEMS: usize = 10_000;
/// Above this, writes are refused: what is unsettled cannot be forgotten.
const MOST_UNSETTLED: usize = 1_000;

/// Whose copies may be stale; at first, everything's.
#[derive(Debug)]
pub(crate) struct Owed {
    debts: Mutex<Debts>,
    /// Whether there are any; read without the lock by every lookup.
    is_any: AtomicBool,
    added: Notify,
}

#[derive(Debug)]
struct Debts {
    items: HashMap<String, Debt>,
    everything: bool,
    /// Grows with every debt, so that a payment does not settle what was added meanwhile.
    version: u64,
    everything_version: u64,
}

/// One item's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Debt {
    /// Sessions with a write that was not answered: as long as one lives, the row can still change.
    pub(crate) unsettled: Vec<SessionId>,
    version: u64,
}

/// What there is to pay.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    /// If everything is owed, that debt.
    pub(crate) everything: Option<u64>,
    pub(crate) items: Vec<(String, Debt)>,
}

impl Owed {
    /// What Redis holds as the process begins may be anything.
    pub(crate) fn everything() -> Self {
        Self {
            debts: Mutex::new(Debts {
                items: HashMap::new(),
                everything: true,
                version: 0,
                everything_version: 0,
            }),
            is_any: AtomicBool::new(true),
            added: Notify::new(),
        }
    }

    /// Whether the cache must not be asked for this item.
    pub(crate) fn is_owed(&self, id: &str) -> bool {
        if !self.is_any.load(Ordering::SeqCst) {
            return false;
        }
        let debts = self.debts();
        debts.everything || debts.items.contains_key(id)
    }

    /// Whether another write may be begun.
    pub(crate) fn has_room(&self) -> bool {
        if !self.is_any.load(Ordering::SeqCst) {
            return true;
        }
        let debts = self.debts();
        let unsettled = debts.items.values().map(|debt| debt.unsettled.len());
        unsettled.sum::<usize>() < MOST_UNSETTLED
    }

    /// Remembers an item; `session` is the one that has an unanswered write of it.
    pub(crate) fn owe(&self, id: &str, session: Option<SessionId>) {
        let mut debts = self.debts();
        debts.version += 1;
        let version = debts.version;
        if debts.items.len() >= MOST_ITEMS && !debts.items.contains_key(id) {
            debts.items.retain(|_, debt| !debt.unsettled.is_empty());
            debts.everything = true;
            debts.everything_version = version;
        }
        let debt = debts.items.entry(id.to_owned()).or_default();
        debt.version = version;
        debt.unsettled.extend(session);
        self.is_any.store(true, Ordering::SeqCst);
        drop(debts);
        self.wake();
    }

    /// No copy is to be trusted.
    pub(crate) fn owe_everything(&self) {
        let mut debts = self.debts();
        debts.version += 1;
        debts.everything = true;
        debts.everything_version = debts.version;
        self.is_any.store(true, Ordering::SeqCst);
        drop(debts);
        self.wake();
    }

    /// What there is to pay now.
    pub(crate) fn bill(&self) -> Bill {
        let debts = self.debts();
        let items = debts.items.iter();
        Bill {
            everything: debts.everything.then_some(debts.everything_version),
            items: items.map(|(id, debt)| (id.clone(), debt.clone())).collect(),
        }
    }

    /// All copies are gone, as of the bill with this debt.
    pub(crate) fn settle_everything(&self, version: u64) {
        let mut debts = self.debts();
        if debts.everything_version == version {
            debts.everything = false;
        }
        self.note(&debts);
    }

    /// The copy of an item is what the row is, as of this debt.
    pub(crate) fn settle(&self, id: &str, debt: &Debt) {
        let mut debts = self.debts();
        if debts
            .items
            .get(id)
            .is_some_and(|now| now.version == debt.version)
        {
            debts.items.remove(id);
        }
        self.note(&debts);
    }

    /// Until there is something to do about the cache.
    pub(crate) async fn woken(&self) {
        self.added.notified().await;
    }

    /// Ends a [`Self::woken`], this one or the next.
    pub(crate) fn wake(&self) {
        self.added.notify_one();
    }

    fn note(&self, debts: &Debts) {
        let is_any = debts.everything || !debts.items.is_empty();
        self.is_any.store(is_any, Ordering::SeqCst);
    }

    fn debts(&self) -> MutexGuard<'_, Debts> {
        // The debts are whole between any two statements.
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bill {
    /// Whether nothing is owed.
    pub(crate) fn is_empty(&self) -> bool {
        self.everything.is_none() && self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Owed {
        let owed = Owed::everything();
        owed.settle_everything(0);
        owed
    }

    #[test]
    fn at_first_everything_is_owed() {
        assert!(Owed::everything().is_owed("a"));
        assert!(!nothing().is_owed("a"));
    }

    #[test]
    fn a_payment_does_not_settle_what_was_added_meanwhile() {
        let owed = nothing();
        owed.owe("a", None);
        let bill = owed.bill();
        owed.owe("a", None);
        owed.settle("a", &bill.items[0].1);
        assert!(owed.is_owed("a") && !owed.is_owed("b"));
        owed.settle("a", &owed.bill().items[0].1);
        assert!(!owed.is_owed("a") && owed.bill().is_empty());

        owed.owe_everything();
        let version = owed.bill().everything.unwrap();
        owed.owe_everything();
        owed.settle_everything(version);
        assert!(owed.is_owed("a"));
    }

    #[test]
    fn too_many_items_are_everything() {
        let owed = nothing();
        for n in 0..MOST_ITEMS {
            owed.owe(&n.to_string(), None);
        }
        assert!(owed.bill().everything.is_none());
        owed.owe("one more", None);
        assert!(owed.bill().everything.is_some() && owed.is_owed("any"));
        assert_eq!(owed.bill().items.len(), 1);
    }
}
