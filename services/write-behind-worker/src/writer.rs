//! What becomes of the entries of one claim: all are written at once, or one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use service_kit::error_chain;
use write_behind_queue::{Claim, Consumer, DeadLetter, Entry, Settled, utc};

use crate::attempts::{self, Attempts};
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
    /// Of the batch that was written last.
    pub(crate) tally: Tally,
}

/// What became of entries.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) written: usize,
    /// Moved to the dead letters, what was no entry among them.
    pub(crate) given_up: usize,
}

/// An entry that is claimed.
#[derive(Debug)]
struct Claimed<'t> {
    text: &'t [u8],
    entry: Entry,
    /// The span that queued it, as a `traceparent`; empty where there was none.
    origin: &'t str,
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
        claim: &Claim,
    ) -> Result<(), Interruption> {
        tracing::info!(writes = claim.texts.len(), "batch");
        let claimed = self.sort_out(claim).await?;
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
    async fn sort_out<'t>(&mut self, claim: &'t Claim) -> Result<Vec<Claimed<'t>>, Interruption> {
        let (mut claimed, mut malformed) = (Vec::new(), Vec::new());
        for (text, origin) in claim.texts.iter().zip(&claim.origins) {
            match Entry::decode(text) {
                Ok(entry) => claimed.push(Claimed {
                    text,
                    entry,
                    origin,
                }),
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
        &mut self,
        session: &Session,
        claimed: &[Claimed<'_>],
    ) -> Result<bool, Interruption> {
        let (started, began) = (Instant::now(), SystemTime::now());
        let together = |failed: Option<&str>| {
            for one in claimed {
                attempts::together(&one.entry, one.origin, began, failed);
            }
        };
        let operations = claimed.iter().map(|claimed| &claimed.entry.operation);
        match session.write(&Batch::of(operations)).await {
            Ok(()) => together(None),
            Err(error) if error.failure() == Failure::Outage => {
                together(Some(&error_chain(&error)));
                return Err(error.into());
            }
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
        let (entry, origin) = (&claimed.entry, claimed.origin);
        let mut attempts = Attempts::default();
        let mut attempt = 1;
        loop {
            let span = attempts.next(entry, origin, attempt);
            let started = Instant::now();
            let error = match span.around(self.attempt(session, claimed)).await {
                Ok(()) => {
                    attempts::ended(span, None);
                    return Ok(Done::Written(claimed, started.elapsed()));
                }
                Err(error) => error,
            };
            let failure = match &error {
                AttemptError::Simulated => Failure::Attempt,
                AttemptError::Session(error) => error.failure(),
            };
            let text = error_chain(&error);
            attempts::ended(span, Some(&text));
            if let (Failure::Outage, AttemptError::Session(error)) = (failure, error) {
                return Err(error.into());
            }
            let id = entry.operation.id();
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
    async fn settle(&mut self, done: &[Done<'_>]) -> Result<(), Interruption> {
        let failed_at = utc(SystemTime::now());
        let settled: Vec<_> = done.iter().map(|one| one.settled(&failed_at)).collect();
        let settled = self.queue.settle(&settled).await?;
        settled.ok_or(Interruption::NotOwner)?;
        for one in done {
            self.tell(one);
            match one {
                Done::Written(..) => self.tally.written += 1,
                Done::GivenUp(..) | Done::Malformed(..) => self.tally.given_up += 1,
            }
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
            Self::Written(Claimed { text, entry, .. }, _) => (*text, Some(entry), None),
            Self::GivenUp(Claimed { text, entry, .. }, error) => {
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
