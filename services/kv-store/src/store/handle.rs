//! The store as its callers have it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::value::RawValue;
use service_kit::{Parent, Span, error_chain};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, oneshot};

use super::request::{CheckpointRefused, Done, Message, ReadLog, Request, WriteRefused};
use super::view::{Stats, View};
use crate::map::{Entry, Map};
use crate::metrics::Metrics;
use crate::wal::PAYLOAD_LIMIT_BYTES;

/// A payload's bytes besides key and value, at most.
const PAYLOAD_REST_BYTES: usize = 256;
/// A byte of a key is at most `\u0000` in JSON.
const ESCAPED_BYTES: usize = 6;

/// A handle on the store; clones are the same store.
///
/// What a write's `Ok` promises is in [`Durability`](crate::wal::Durability). A caller who stops waiting takes nothing
/// back: the write may be done.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) inbox: UnboundedSender<Message>,
    pub(super) places: Arc<Semaphore>,
    pub(super) view: Arc<View>,
    pub(super) metrics: Arc<Metrics>,
    /// Not in memory only.
    pub(super) is_logged: bool,
}

impl Store {
    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<Arc<Entry>> {
        let span = Span::child("kv.get");
        span.set("kv.key", key);
        let started = Instant::now();
        let entry = self.view.read().map.get(key).cloned();
        self.metrics.get.done(started);
        if entry.is_none() {
            span.mark_failed();
        }
        entry
    }

    /// Gives `key` this value, whose text must be compact.
    ///
    /// # Errors
    /// See [`WriteRefused`].
    pub async fn set(
        &self,
        key: Box<str>,
        value: Box<RawValue>,
    ) -> Result<Arc<Entry>, WriteRefused> {
        let started = Instant::now();
        let size = key.len() * ESCAPED_BYTES + value.get().len() + PAYLOAD_REST_BYTES;
        if size > PAYLOAD_LIMIT_BYTES {
            return Err(WriteRefused::TooLarge);
        }
        let span = self.write_span("kv.set", &key);
        let parent = span.as_parent();
        let set = |answer| Request::Set {
            key,
            value,
            parent,
            answer,
        };
        let done = ended(&span, self.ask(set).await)?;
        self.metrics.set.done(started);
        Ok(done)
    }

    /// Takes `key` away; says whether it was there.
    ///
    /// # Errors
    /// See [`WriteRefused`].
    pub async fn delete(&self, key: Box<str>) -> Result<bool, WriteRefused> {
        let started = Instant::now();
        let span = self.write_span("kv.delete", &key);
        let parent = span.as_parent();
        let delete = |answer| Request::Delete {
            key,
            parent,
            answer,
        };
        let was_there = ended(&span, self.ask(delete).await)?;
        if was_there {
            self.metrics.delete.done(started);
        } else {
            span.mark_failed();
        }
        Ok(was_there)
    }

    /// The contents as they are now, to be read at leisure.
    pub fn snapshot(&self) -> Map {
        self.view.read().map.clone()
    }

    /// The figures as they are now.
    pub fn stats(&self) -> Stats {
        self.view.read().stats()
    }

    /// What reads the records that are in the log now; none without a log, or when the store is closed.
    pub async fn read_log(&self) -> Option<ReadLog> {
        self.ask(|answer| Request::ReadLog { answer }).await?
    }

    /// Writes a checkpoint with all that was written before; gives the number of entries that leave the log for it.
    ///
    /// # Errors
    /// See [`CheckpointRefused`].
    pub async fn checkpoint(&self) -> Result<u64, CheckpointRefused> {
        let parent = Parent::current();
        let checkpoint = |answer| Request::Checkpoint { parent, answer };
        let answer = self.ask(checkpoint).await;
        answer.ok_or(CheckpointRefused::Stopped)?
    }

    /// Takes all keys away and begins a new generation with sequence 1.
    ///
    /// # Errors
    /// See [`WriteRefused`].
    pub async fn clear(&self) -> Result<(), WriteRefused> {
        let clear = |answer| Request::Clear { answer };
        self.ask(clear).await.ok_or(WriteRefused::Stopped)?
    }

    fn write_span(&self, name: &'static str, key: &str) -> Span {
        let span = Span::child(name);
        span.set("kv.key", key);
        span.set("kv.wal_enabled", self.is_logged);
        span
    }

    /// Puts a request in the queue, when it has a place; `None` when the store is closed.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let (answer, answered) = oneshot::channel();
        let message = Message::Request(request(answer), place);
        self.inbox.send(message).ok()?;
        answered.await.ok()
    }
}

/// What a write came to, as its span is told.
fn ended<T>(span: &Span, answer: Option<Result<Done<T>, WriteRefused>>) -> Result<T, WriteRefused> {
    match answer.ok_or(WriteRefused::Stopped).flatten() {
        Ok(Done { what, sequence }) => {
            if let Some(sequence) = sequence {
                span.set("kv.wal_sequence", sequence);
            }
            Ok(what)
        }
        Err(refused) => {
            span.fail(&error_chain(&refused));
            Err(refused)
        }
    }
}
