//! Ctrl-C and its likes: the run is told, once, and cleans up.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::output;

/// A token that is cancelled by the first SIGINT, SIGTERM or SIGHUP.
pub(crate) fn token() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let cancelled = token.clone();
    tokio::spawn(async move {
        let mut is_first = true;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            output::say(if is_first {
                "interrupted: ending what runs"
            } else {
                "still ending what runs"
            });
            is_first = false;
            cancelled.cancel();
        }
    });
    Ok(token)
}
