//! Serves a router until the process is told to stop.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Requests under way get this long to end after SIGTERM; the process is gone within a second.
const GRACE: Duration = Duration::from_millis(700);

/// Serves `router` on `listener` until SIGTERM or SIGINT, then lets requests under way end, for a while.
///
/// The handlers are installed at once, so it works as PID 1 as well, which has no default ones.
///
/// # Errors
/// The signal handlers cannot be installed.
pub async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    serve_beside(listener, router, async {}).await
}

/// As [`serve`]; what runs beside the router gets the same time to `end`, from the signal on.
///
/// # Errors
/// The signal handlers cannot be installed.
pub async fn serve_beside(
    listener: TcpListener,
    router: Router,
    end: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, mut stopping) = watch::channel(false);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // An error means that the sender is gone, and so is the server.
        let _ = stopping.wait_for(|stop| *stop).await;
    });
    let server = async { server.await };
    tokio::pin!(server);
    let signal = tokio::select! {
        ended = &mut server => return ended,
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal, "stopping");
    stop.send_replace(true);
    let both = async { tokio::join!(server, end) };
    if let Ok((ended, ())) = tokio::time::timeout(GRACE, both).await {
        return ended;
    }
    tracing::warn!("stopped with work still under way");
    Ok(())
}
