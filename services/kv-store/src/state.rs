//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use crate::config::Config;
use crate::crash::CrashButton;
use crate::metrics::Metrics;
use crate::store::{OpenError, Store, StoreGuard};

/// A handle on the running service; clones are the same service.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

/// What [`AppState`] is a handle on.
#[derive(Debug)]
pub struct Parts {
    pub(crate) service_name: String,
    pub(crate) wal_enabled: bool,
    pub(crate) store: Store,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) crash: CrashButton,
}

impl AppState {
    /// Opens the store; it is closed when the guard is dropped.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn start(config: &Config, crash: CrashButton) -> Result<(Self, StoreGuard), OpenError> {
        let metrics = Arc::new(Metrics::new(config.log.is_some()));
        let (store, guard) = match &config.log {
            Some(log) => Store::open_files(log, Arc::clone(&metrics))?,
            None => Store::in_memory(Arc::clone(&metrics))?,
        };
        Ok((
            Self::new(&config.service_name, store, metrics, crash),
            guard,
        ))
    }

    /// The service over a store that is open, whose metrics these are.
    pub fn new(
        service_name: &str,
        store: Store,
        metrics: Arc<Metrics>,
        crash: CrashButton,
    ) -> Self {
        Self(Arc::new(Parts {
            service_name: service_name.to_owned(),
            wal_enabled: store.stats().log.is_some(),
            store,
            metrics,
            crash,
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
