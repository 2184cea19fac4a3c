//! The crash button: whoever presses it is answered; then the process is gone, as if killed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// From the answer to the end, so that the answer arrives.
const DELAY: Duration = Duration::from_millis(100);

/// Pressed by a request, watched by `main`, which alone ends the process. Clones are the same button.
#[derive(Debug, Clone, Default)]
pub struct CrashButton(Arc<Notify>);

impl CrashButton {
    /// Asks for the crash; asking again changes nothing.
    pub fn press(&self) {
        self.0.notify_one();
    }

    /// Waits until the button has been pressed and the answer had its time. Requests are served meanwhile.
    pub async fn is_due(&self) {
        self.0.notified().await;
        tokio::time::sleep(DELAY).await;
    }
}
