//! The store as its callers have it.

use std::sync::Arc;
use std::time::Instant;

use serde_json::value::RawValue;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, oneshot};

use super::request::{CheckpointRefused, Message, ReadLog, Request, WriteRefused};
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
}

impl Store {
    /// The entry of `key`.
    pub fn get(&self, key: &str) -> Option<Arc<Entry>> {
        let started = Instant::now();
        let entry = self.view.read().map.get(key).cloned();
        self.metrics.get.done(started);
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
        let set = |answer| Request::Set { key, value, answer };
        let entry = self.ask(set).await.ok_or(WriteRefused::Stopped)??;
        self.metrics.set.done(started);
        Ok(entry)
    }

    /// Takes `key` away; says whether it was there.
    ///
    /// # Errors
    /// See [`WriteRefused`].
    pub async fn delete(&self, key: Box<str>) -> Result<bool, WriteRefused> {
        let started = Instant::now();
        let delete = |answer| Request::Delete { key, answer };
        let was_there = self.ask(delete).await.ok_or(WriteRefused::Stopped)??;
        if was_there {
            self.metrics.delete.done(started);
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
        let checkpoint = |answer| Request::Checkpoint { answer };
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

    /// Puts a request in the queue, when it has a place; `None` when the store is closed.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let (answer, answered) = oneshot::channel();
        let message = Message::Request(request(answer), place);
        self.inbox.send(message).ok()?;
        answered.await.ok()
    }
}
