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
    /// What the database has, and Redis still keeps: settled while the next batch is written.
    pub(crate) written: Vec<Done>,
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
pub(crate) struct Claimed {
    text: Vec<u8>,
    entry: Entry,
    /// The span that queued it, as a `traceparent`; empty where there was none.
    origin: String,
}

/// An entry that is done with.
#[derive(Debug)]
pub(crate) enum Done {
    /// The database has it; the statement took so long.
    Written(Claimed, Duration),
    /// It goes to the dead letters.
    GivenUp(Claimed, String),
    /// It is none, and goes there as well.
    Malformed(Vec<u8>, String),
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
    /// Entries that are claimed at once.
    pub(crate) fn batch_size(&self) -> usize {
        usize::from(self.config.batch_size.get())
    }

    /// Claims the next batch, after the `has` entries that are claimed and not settled.
    ///
    /// # Errors
    /// Redis does not answer, or knows another owner.
    pub(crate) async fn claim(&self, has: usize) -> Result<Claim, Interruption> {
        let claim = self.queue.claim(has, self.batch_size()).await?;
        let claim = claim.ok_or(Interruption::NotOwner)?;
        self.metrics.queue_size.set(claim.queue_size);
        Ok(claim)
    }

    /// Writes what was claimed, oldest first. What is written at once is settled later, and after a full batch
    /// the next one is claimed meanwhile.
    ///
    /// # Errors
    /// What is not settled is still claimed.
    pub(crate) async fn write(
        &mut self,
        session: &Session,
        claim: Claim,
    ) -> Result<Option<Claim>, Interruption> {
        tracing::info!(writes = claim.texts.len(), "batch");
        let is_full = claim.texts.len() == self.batch_size();
        let claimed = self.sort_out(claim);
        // A simulated failure is one entry's.
        if claimed.is_empty() || self.config.simulated_failures.is_some() {
            self.write_each(session, claimed).await?;
            return Ok(None);
        }
        let operations = claimed.iter().map(|claimed| &claimed.entry.operation);
        let batch = Batch::of(operations);
        let (started, began) = (Instant::now(), SystemTime::now());
        let (written, next) = tokio::join!(
            session.write(&batch),
            self.settle_and_claim(claimed.len(), is_full)
        );
        let together = |failed: Option<&str>| {
            for one in &claimed {
                attempts::together(&one.entry, &one.origin, began, failed);
            }
        };
        match written {
            Ok(()) => {
                together(None);
                let took = started.elapsed();
                self.tally.written += claimed.len();
                let written = claimed.into_iter().map(|one| Done::Written(one, took));
                self.written.extend(written);
            }
            Err(error) if error.failure() == Failure::Outage => {
                together(Some(&error_chain(&error)));
                return Err(error.into());
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(error, "batch refused, its writes are tried one by one");
                self.write_each(session, claimed).await?;
            }
        }
        next
    }

    /// What is no entry is done with; gives the rest.
    fn sort_out(&mut self, claim: Claim) -> Vec<Claimed> {
        let mut claimed = Vec::with_capacity(claim.texts.len());
        for (text, origin) in claim.texts.into_iter().zip(claim.origins) {
            match Entry::decode(&text) {
                Ok(entry) => claimed.push(Claimed {
                    text,
                    entry,
                    origin,
                }),
                Err(error) => {
                    self.tally.given_up += 1;
                    self.written
                        .push(Done::Malformed(text, error_chain(&error)));
                }
            }
        }
        claimed
    }

    /// One of them, as often as it may be tried.
    async fn write_one(
        &mut self,
        session: &Session,
        claimed: Claimed,
    ) -> Result<Done, Interruption> {
        let max_attempts = self.config.max_attempts.get();
        let (entry, origin) = (&claimed.entry, claimed.origin.as_str());
        let mut attempts = Attempts::default();
        let mut attempt = 1;
        loop {
            let span = attempts.next(entry, origin, attempt);
            let started = Instant::now();
            let error = match span.around(self.attempt(session, entry)).await {
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

    async fn attempt(&self, session: &Session, entry: &Entry) -> Result<(), AttemptError> {
        let simulation = self.config.simulated_failures;
        if simulation.is_some_and(FailureRate::strikes) {
            return Err(AttemptError::Simulated);
        }
        let batch = Batch::of([&entry.operation]);
        Ok(session.write(&batch).await?)
    }

    /// One after the other; each is settled before the next is tried.
    async fn write_each(
        &mut self,
        session: &Session,
        claimed: Vec<Claimed>,
    ) -> Result<(), Interruption> {
        self.settle_written().await?;
        for one in claimed {
            self.stop.go_on()?;
            let done = self.write_one(session, one).await?;
            match done {
                Done::Written(..) => self.tally.written += 1,
                Done::GivenUp(..) | Done::Malformed(..) => self.tally.given_up += 1,
            }
            self.written.push(done);
            self.settle_written().await?;
        }
        Ok(())
    }

    /// What there is to do in Redis while the database writes `has` entries.
    async fn settle_and_claim(
        &mut self,
        has: usize,
        is_full: bool,
    ) -> Result<Option<Claim>, Interruption> {
        self.settle_written().await?;
        if is_full {
            Ok(Some(self.claim(has).await?))
        } else {
            Ok(None)
        }
    }

    /// Removes what is done with for good; it is counted and logged once that has happened.
    ///
    /// # Errors
    /// Redis does not answer, or knows another owner; it is done again after the next claim.
    pub(crate) async fn settle_written(&mut self) -> Result<(), Interruption> {
        if self.written.is_empty() {
            return Ok(());
        }
        let failed_at = utc(SystemTime::now());
        let settled: Vec<_> = self
            .written
            .iter()
            .map(|one| one.settled(&failed_at))
            .collect();
        let settled = self.queue.settle(&settled).await?;
        settled.ok_or(Interruption::NotOwner)?;
        for one in self.written.drain(..) {
            tell(&self.metrics, &one);
        }
        Ok(())
    }

    /// After an interruption: what is written is settled, and what is not waits again, if Redis can be asked.
    pub(crate) async fn let_go(&mut self, interruption: &Interruption) {
        if let Interruption::Stopping | Interruption::Database(_) = interruption {
            let let_go = async {
                self.settle_written().await?;
                self.queue.hand_back().await?;
                Ok::<_, Interruption>(())
            };
            if let Err(error) = let_go.await {
                // Whoever takes over puts it back.
                tracing::warn!(error = error_chain(&error), "claimed entries stay claimed");
            }
        }
        self.written.clear();
    }
}

fn tell(metrics: &Metrics, done: &Done) {
    match done {
        Done::Written(Claimed { entry, .. }, took) => {
            metrics.written(entry, *took);
            let (id, coalesced_count) = (entry.operation.id(), entry.coalesced_count);
            if coalesced_count > 1 {
                tracing::info!(id, coalesced_count, "coalesced updates written as one");
            }
        }
        Done::GivenUp(Claimed { entry, .. }, error) => {
            metrics.given_up(Some(entry));
            tracing::error!(id = entry.operation.id(), error, "write moved to DLQ");
        }
        Done::Malformed(text, error) => {
            metrics.given_up(None);
            let raw = String::from_utf8_lossy(text);
            tracing::error!(raw = raw.as_ref(), error, "malformed entry moved to DLQ");
        }
    }
}

impl Done {
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
            Self::Written(Claimed { text, entry, .. }, _) => (text, Some(entry), None),
            Self::GivenUp(Claimed { text, entry, .. }, error) => {
                (text, Some(entry), letter(text, error))
            }
            Self::Malformed(text, error) => (text, None, letter(text, error)),
        };
        Settled {
            text,
            id: id.map(|entry| entry.operation.id()),
            dead_letter,
        }
    }
}
