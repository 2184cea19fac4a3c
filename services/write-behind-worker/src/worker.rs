//! The loop: look at the queue, claim, write, settle, wait; and begin anew after whatever interrupted it.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use service_kit::{Span, error_chain};
use uuid::Uuid;
use write_behind_queue::{Claim, Consumer};

use crate::backoff::Backoff;
use crate::config::Config;
use crate::http::{Shown, routes};
use crate::interruption::Interruption;
use crate::metrics::Metrics;
use crate::session::Session;
use crate::stop::{Stopper, stop};
use crate::writer::{Tally, Writer};

/// A worker that drains the queue in the background.
#[derive(Debug)]
pub struct Worker(Stopper);

#[derive(Debug)]
struct Drain {
    database: tokio_postgres::Config,
    writer: Writer,
}

impl Worker {
    /// Starts draining; the stores may come up later. Gives the worker's HTTP interface as well.
    ///
    /// Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// The URL of a store is none.
    pub fn start(config: Config) -> Result<(Self, Router), Box<dyn Error>> {
        let database = config.database_url.parse::<tokio_postgres::Config>();
        let database =
            database.map_err(|e| format!("DATABASE_URL is not a PostgreSQL URL: {e}"))?;
        let owner = Uuid::new_v4().to_string();
        let queue = Consumer::open(&config.redis_url, config.redis_timeout, owner)
            .map_err(|e| format!("REDIS_URL is not a Redis URL: {e}"))?;
        let queue = Arc::new(queue);
        let simulates = config.simulated_failures.is_some();
        let metrics = Arc::new(Metrics::new(&config.service_name, simulates));
        let (stopper, stop) = stop();
        let router = routes(Shown {
            service_name: config.service_name.clone(),
            queue: Arc::clone(&queue),
            metrics: Arc::clone(&metrics),
        });
        let writer = Writer {
            config,
            queue,
            metrics,
            stop,
            tally: Tally::default(),
            written: Vec::new(),
        };
        tokio::spawn(Drain { database, writer }.run());
        Ok((Self(stopper), router))
    }

    /// Ends it: the entry that is being written is finished, the others of its claim wait again.
    pub async fn stop(&self) {
        self.0.stop().await;
    }
}

impl Drain {
    /// Until it shall end, whatever fails.
    async fn run(mut self) {
        let mut backoff = Backoff::new(self.writer.config.retry_delay);
        loop {
            let Err(interruption) = self.own(&mut backoff).await;
            if matches!(interruption, Interruption::Stopping) {
                return;
            }
            let pause = backoff.pause();
            let (error, pause_ms) = (error_chain(&interruption), pause.as_millis());
            tracing::error!(error, pause_ms, "the queue waits");
            if self.writer.stop.pause(pause).await.is_err() {
                return;
            }
        }
    }

    /// Becomes the only one to write, and drains until that is over.
    async fn own(&mut self, backoff: &mut Backoff) -> Result<Infallible, Interruption> {
        let session = self.open().await?;
        tracing::info!(store = "postgres", "connected");
        loop {
            // Nobody else can have the session's lock; what another worker had claimed is left over.
            let leftovers = self.writer.queue.take_over().await?;
            tracing::info!(store = "redis", leftovers, "connected");
            match self.drain(&session, backoff).await {
                Interruption::NotOwner => session.ping().await?,
                interruption => return Err(interruption),
            }
        }
    }

    async fn open(&mut self) -> Result<Session, Interruption> {
        tokio::select! {
            session = Session::open(self.database.clone()) => Ok(session?),
            () = self.writer.stop.wished() => Err(Interruption::Stopping),
        }
    }

    /// Drains for as long as nothing is in the way. What is then still claimed waits again, if Redis can be asked.
    async fn drain(&mut self, session: &Session, backoff: &mut Backoff) -> Interruption {
        let mut ahead = None;
        loop {
            match self.step(session, ahead.take()).await {
                Ok(next) => {
                    ahead = next;
                    backoff.reset();
                }
                Err(interruption) => {
                    self.writer.let_go(&interruption).await;
                    return interruption;
                }
            }
        }
    }

    /// Writes what was claimed ahead, or what a look at the queue gives; then a pause, unless there may be more. Gives
    /// what was claimed meanwhile.
    async fn step(
        &mut self,
        session: &Session,
        ahead: Option<Claim>,
    ) -> Result<Option<Claim>, Interruption> {
        let writer = &mut self.writer;
        writer.stop.go_on()?;
        session.check()?;
        let claim = match ahead {
            Some(claim) => claim,
            None => writer.claim(0).await?,
        };
        let is_full = claim.texts.len() == writer.batch_size();
        let mut next = None;
        if !claim.texts.is_empty() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a batch has 65535 entries at most"
            )]
            writer.metrics.batch_size.observe(claim.texts.len() as f64);
            let span = Span::root("process_batch");
            span.set("batch.size", claim.texts.len());
            writer.tally = Tally::default();
            let written = span.around(writer.write(session, claim)).await;
            span.set("batch.success_count", writer.tally.written);
            span.set("batch.failure_count", writer.tally.given_up);
            if let Err(interruption) = &written {
                span.fail(&error_chain(interruption));
            }
            drop(span);
            next = written?;
        }
        if !is_full {
            writer.settle_written().await?;
            writer.stop.pause(writer.config.flush_interval).await?;
        }
        Ok(next)
    }
}
