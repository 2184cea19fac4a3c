//! What keeps a store running.

use std::thread::JoinHandle;

use tokio::sync::mpsc::UnboundedSender;

use super::request::Message;
use crate::wal::FolderLock;

/// The threads of an open store. Dropping it ends them, after what has been asked by then is done; handles that are
/// left can still read.
#[derive(Debug)]
#[must_use = "dropping the guard closes the store"]
pub struct StoreGuard {
    pub(super) inbox: UnboundedSender<Message>,
    /// The writer first: the others end after it.
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) lock: Option<FolderLock>,
}

impl Drop for StoreGuard {
    fn drop(&mut self) {
        // A writer that is gone is what is wanted.
        let _ = self.inbox.send(Message::Stop);
        for thread in self.threads.drain(..) {
            // A panic has been reported by its thread.
            let _ = thread.join();
        }
        // Nobody else may open the log before the last thread is gone.
        drop(self.lock.take());
    }
}
