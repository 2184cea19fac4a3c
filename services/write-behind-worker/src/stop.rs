//! The wish that the worker ends.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// What the worker looks at between two pieces of work.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// What makes a worker stop, and knows when it has.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

/// The worker shall end.
#[derive(Debug)]
pub(crate) struct Stopping;

pub(crate) fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells all, and waits until the last of them is gone.
    pub(crate) async fn stop(&self) {
        self.0.send_replace(true);
        self.0.closed().await;
    }
}

impl Stop {
    /// Says no once the worker shall end.
    pub(crate) fn go_on(&self) -> Result<(), Stopping> {
        if *self.0.borrow() {
            Err(Stopping)
        } else {
            Ok(())
        }
    }

    /// A pause that ends early when the worker shall end.
    pub(crate) async fn pause(&mut self, duration: Duration) -> Result<(), Stopping> {
        match timeout(duration, self.wished()).await {
            Ok(()) => Err(Stopping),
            Err(_) => Ok(()),
        }
    }

    /// Until the worker shall end.
    pub(crate) async fn wished(&mut self) {
        // An error means that nobody is left who could wish, and so nobody to work for.
        let _ = self.0.wait_for(|wished| *wished).await;
    }
}
