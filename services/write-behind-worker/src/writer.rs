//! What becomes of the entries of one claim: all are written at once, or one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use service_kit::error_chain;
use write_behind_queue::{Consumer, DeadLetter, Entry, Settled, utc};

use crate::batch::Batch;
use crate::config::{Config, FailureRate};
use crate::interruption::Interruption;
use crate::metrics::Metrics;
use crate::session::{Failure, Session, SessionError};
use crate::stop::Stop;

/// Writes entries and settles them.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) config: Config,
    pub(crate) queue: Arc<Consumer>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: Stop,
}

/// An entry that is claimed.
#[derive(Debug)]
struct Claimed<'t> {
    text: &'t [u8],
    entry: Entry,
}

/// An entry that is done with.
#[derive(Debug)]
enum Done<'c> {
    /// The database has it; the statement took so long.
    Written(&'c Claimed<'c>, Duration),
    /// It goes to the dead letters.
    GivenUp(&'c Claimed<'c>, String),
    /// It is none, and goes there as well.
    Malformed(&'c [u8], String),
}

/// An attempt that failed.
#[derive(Debug, thiserror::Error)]
enum AttemptError {
    #[error("simulated database failure")]
    Simulated,
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Writer {
    /// Writes what was claimed, oldest first, and settles it.
    ///
    /// # Errors
    /// What is not settled is still claimed.
    pub(crate) async fn write(
        &mut self,
        session: &Session,
        texts: &[Vec<u8>],
    ) -> Result<(), Interruption> {
        tracing::info!(writes = texts.len(), "batch");
        let claimed = self.sort_out(texts).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        // A simulated failure is one entry's.
        if self.config.simulated_failures.is_none() && self.write_all(session, &claimed).await? {
            return Ok(());
        }
        for one in &claimed {
            self.stop.go_on()?;
            let done = self.write_one(session, one).await?;
            self.settle(&[done]).await?;
        }
        Ok(())
    }

    /// What is no entry goes to the dead letters; gives the rest.
    async fn sort_out<'t>(&self, texts: &'t [Vec<u8>]) -> Result<Vec<Claimed<'t>>, Interruption> {
        let (mut claimed, mut malformed) = (Vec::new(), Vec::new());
        for text in texts {
            match Entry::decode(text) {
                Ok(entry) => claimed.push(Claimed { text, entry }),
                Err(error) => malformed.push(Done::Malformed(text, error_chain(&error))),
            }
        }
        if !malformed.is_empty() {
            self.settle(&malformed).await?;
        }
        Ok(claimed)
    }

    /// All in one statement; says whether the database took it. If not, the fault is with one of them.
    async fn write_all(
        &self,
        session: &Session,
        claimed: &[Claimed<'_>],
    ) -> Result<bool, Interruption> {
        let started = Instant::now();
        let operations = claimed.iter().map(|claimed| &claimed.entry.operation);
        match session.write(&Batch::of(operations)).await {
            Ok(()) => {}
            Err(error) if error.failure() == Failure::Outage => return Err(error.into()),
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(error, "batch refused, its writes are tried one by one");
                return Ok(false);
            }
        }
        let took = started.elapsed();
        let written = claimed.iter().map(|one| Done::Written(one, took));
        self.settle(&written.collect::<Vec<_>>()).await?;
        Ok(true)
    }

    /// One of them, as often as it may be tried.
    async fn write_one<'c>(
        &mut self,
        session: &Session,
        claimed: &'c Claimed<'c>,
    ) -> Result<Done<'c>, Interruption> {
        let max_attempts = self.config.max_attempts.get();
        let mut attempt = 1;
        loop {
            let started = Instant::now();
            let error = match self.attempt(session, claimed).await {
                Ok(()) => return Ok(Done::Written(claimed, started.elapsed())),
                Err(error) => error,
            };
            let failure = match &error {
                AttemptError::Simulated => Failure::Attempt,
                AttemptError::Session(error) => error.failure(),
            };
            let text = error_chain(&error);
            if let (Failure::Outage, AttemptError::Session(error)) = (failure, error) {
                return Err(error.into());
            }
            let id = claimed.entry.operation.id();
            tracing::warn!(id, error = text, attempt, max_attempts, "write failed");
            if failure == Failure::Permanent || attempt == max_attempts {
                return Ok(Done::GivenUp(claimed, text));
            }
            self.stop.pause(self.config.retry_delay).await?;
            self.metrics.retries.inc();
            attempt += 1;
        }
    }

    async fn attempt(&self, session: &Session, claimed: &Claimed<'_>) -> Result<(), AttemptError> {
        let simulation = self.config.simulated_failures;
        if simulation.is_some_and(FailureRate::strikes) {
            return Err(AttemptError::Simulated);
        }
        let batch = Batch::of([&claimed.entry.operation]);
        Ok(session.write(&batch).await?)
    }

    /// Removes entries for good; they are counted and logged once that is done.
    async fn settle(&self, done: &[Done<'_>]) -> Result<(), Interruption> {
        let failed_at = utc(SystemTime::now());
        let settled: Vec<_> = done.iter().map(|one| one.settled(&failed_at)).collect();
        let settled = self.queue.settle(&settled).await?;
        settled.ok_or(Interruption::NotOwner)?;
        for one in done {
            self.tell(one);
        }
        Ok(())
    }

    fn tell(&self, done: &Done<'_>) {
        match done {
            Done::Written(Claimed { entry, .. }, took) => {
                self.metrics.written(entry, *took);
                let (id, coalesced_count) = (entry.operation.id(), entry.coalesced_count);
                if coalesced_count > 1 {
                    tracing::info!(id, coalesced_count, "coalesced updates written as one");
                }
            }
            Done::GivenUp(Claimed { entry, .. }, error) => {
                self.metrics.given_up(Some(entry));
                tracing::error!(id = entry.operation.id(), error, "write moved to DLQ");
            }
            Done::Malformed(text, error) => {
                self.metrics.given_up(None);
                let raw = String::from_utf8_lossy(text);
                tracing::error!(raw = raw.as_ref(), error, "malformed entry moved to DLQ");
            }
        }
    }
}

impl Done<'_> {
    fn settled(&self, failed_at: &str) -> Settled<'_> {
        let letter = |text, error: &String| {
            let (error, failed_at) = (error.clone(), failed_at.to_owned());
            let letter = DeadLetter {
                text,
                error,
                failed_at,
            };
            Some(letter.encode())
        };
        let (text, id, dead_letter) = match self {
            Self::Written(Claimed { text, entry }, _) => (*text, Some(entry), None),
            Self::GivenUp(Claimed { text, entry }, error) => {
                (*text, Some(entry), letter(text, error))
            }
            Self::Malformed(text, error) => (*text, None, letter(text, error)),
        };
        Settled {
            text,
            id: id.map(|entry| entry.operation.id()),
            dead_letter,
        }
    }
}
