//! What is done with copies. Each takes a bounded time, whatever is wrong with Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use redis::Cmd;
use service_kit::{Arguments, RedisClientError};

use super::link::Link;
use super::scripts::Scripts;
use crate::item::{Item, Row};
use crate::owed::Owed;

/// All copies' keys, as a pattern.
const PATTERN: &str = "item:*";
/// Not below `item:`, where they would count as copies; nor are the versions.
const EPOCH_KEY: &str = "epoch:items";
/// A version outlives its copy by the longest request and more.
const VERSION_SECONDS: u32 = 120;
/// Greater than any version, and still exact among Lua's numbers.
const DELETED: i64 = (1 << 53) - 1;

/// A handle on the cache.
#[derive(Debug)]
pub(crate) struct Cache {
    link: Link,
    scripts: Scripts,
    ttl_seconds: u32,
    epoch: AtomicI64,
}

/// An operation on the cache that did not work, or may not have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("Redis is down")]
    Down,
    #[error(transparent)]
    Redis(#[from] RedisClientError),
    #[error("Redis holds the copies of another epoch")]
    Epoch,
    #[error("an item that is no JSON")]
    Encode(#[from] serde_json::Error),
}

/// What was found under an item's key.
#[derive(Debug, PartialEq)]
pub(crate) enum Lookup {
    Hit(Item),
    Miss,
    /// Something that is not this item.
    Undecodable,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is there.
    Stored,
    /// A newer version, or the end of the item, is known.
    Outdated,
}

impl Cache {
    /// Nothing is connected yet.
    pub(crate) fn new(url: &str, ttl_seconds: u32, patience: Duration, owed: Arc<Owed>) -> Self {
        Self {
            link: Link::new(url, patience, owed),
            scripts: Scripts::new(),
            ttl_seconds,
            epoch: AtomicI64::new(-1),
        }
    }

    /// The Redis key of an item's copy.
    pub(crate) fn key(id: &str) -> String {
        format!("item:{id}")
    }

    pub(crate) async fn bring_up(&self) -> Result<(), CacheError> {
        self.link.bring_up().await
    }

    pub(crate) async fn ping(&self) -> Result<(), CacheError> {
        self.link.query(&redis::cmd("PING")).await
    }

    /// Does not extend the copy's life.
    pub(crate) async fn get(&self, id: &str) -> Result<Lookup, CacheError> {
        let found: Result<Option<Vec<u8>>, _> = self.link.query(&Cmd::get(Self::key(id))).await;
        match found {
            Ok(Some(value)) => Ok(Lookup::decode(id, &value)),
            Ok(None) => Ok(Lookup::Miss),
            Err(CacheError::Redis(error)) if error.code() == Some("WRONGTYPE") => {
                Ok(Lookup::Undecodable)
            }
            Err(error) => Err(error),
        }
    }

    /// Stores the copy of a row, unless a newer one is known.
    pub(crate) async fn store(&self, row: &Row) -> Result<Stored, CacheError> {
        let (epoch, mut arguments) = self.arguments(&row.item.id);
        arguments.add(row.version);
        arguments.add(self.version_seconds());
        arguments.add(self.ttl_seconds);
        arguments.add(serde_json::to_vec(&row.item)?);
        match self.link.run(&self.scripts.store, &arguments).await? {
            -1 => Err(self.another_epoch(epoch)),
            0 => Ok(Stored::Outdated),
            _ => Ok(Stored::Stored),
        }
    }

    /// Drops the copy of an item that is no more, for good; says whether there was one.
    pub(crate) async fn drop(&self, id: &str) -> Result<bool, CacheError> {
        let (epoch, mut arguments) = self.arguments(id);
        arguments.add(DELETED);
        arguments.add(self.version_seconds());
        match self.link.run(&self.scripts.drop, &arguments).await? {
            -1 => Err(self.another_epoch(epoch)),
            count => Ok(count > 0),
        }
    }

    /// Removes what is no copy.
    pub(crate) async fn discard(&self, id: &str) -> Result<(), CacheError> {
        self.link.query(&Cmd::del(Self::key(id))).await
    }

    /// Throws all copies away and begins another epoch: none that was sent before gets in afterwards.
    pub(crate) async fn purge(&self) -> Result<u64, CacheError> {
        let epoch = fastrand::i64(1..DELETED);
        let () = self.link.query(&Cmd::set(EPOCH_KEY, epoch)).await?;
        self.epoch.store(epoch, Ordering::SeqCst);
        self.clear().await
    }

    /// Drops all copies; says how many there were.
    pub(crate) async fn clear(&self) -> Result<u64, CacheError> {
        let outcome = self.link.connection()?.clear(PATTERN).await;
        self.judged(outcome)
    }

    /// How many copies there are.
    pub(crate) async fn count(&self) -> Result<usize, CacheError> {
        let outcome = self.link.connection()?.keys(PATTERN).await;
        Ok(self.judged(outcome)?.len())
    }

    /// Redis' own counts of keys found and not found since it started.
    pub(crate) async fn keyspace_hits_and_misses(&self) -> Result<(u64, u64), CacheError> {
        let outcome = self.link.connection()?.keyspace_hits_and_misses().await;
        self.judged(outcome)
    }

    fn judged<T>(&self, outcome: Result<T, RedisClientError>) -> Result<T, CacheError> {
        outcome.map_err(|error| {
            let error = error.into();
            self.link.judge(&error);
            error
        })
    }

    fn arguments(&self, id: &str) -> (i64, Arguments) {
        let epoch = self.epoch.load(Ordering::SeqCst);
        let version_key = format!("ver:item:{id}");
        let mut arguments = Arguments::new([Self::key(id), version_key, EPOCH_KEY.to_owned()]);
        arguments.add(epoch);
        (epoch, arguments)
    }

    /// If `sent` is still ours, Redis has forgotten it, and what else it has forgotten nobody knows.
    fn another_epoch(&self, sent: i64) -> CacheError {
        if sent == self.epoch.load(Ordering::SeqCst) {
            self.link.distrust();
        }
        CacheError::Epoch
    }

    fn version_seconds(&self) -> u32 {
        self.ttl_seconds.saturating_add(VERSION_SECONDS)
    }
}

impl Lookup {
    fn decode(id: &str, value: &[u8]) -> Self {
        match serde_json::from_slice::<Item>(value) {
            Ok(item) if item.id == id => Self::Hit(item),
            _ => Self::Undecodable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str =
        r#"{"id":"a","name":"n","description":null,"price":50,"created_at":"c","updated_at":"u"}"#;

    #[test]
    fn only_this_item_as_a_whole_is_a_hit() {
        assert!(matches!(
            Lookup::decode("a", WHOLE.as_bytes()),
            Lookup::Hit(_)
        ));
        assert_eq!(Lookup::decode("b", WHOLE.as_bytes()), Lookup::Undecodable);
        for field in [
            "id",
            "name",
            "description",
            "price",
            "created_at",
            "updated_at",
        ] {
            let other = WHOLE.replace(&format!("\"{field}\""), "\"other\"");
            let found = Lookup::decode("a", other.as_bytes());
            assert_eq!(found, Lookup::Undecodable, "{field}");
        }
        for wrong in ["", "{}", "[]", "x", "null", &WHOLE[1..]] {
            let found = Lookup::decode("a", wrong.as_bytes());
            assert_eq!(found, Lookup::Undecodable, "{wrong}");
        }
    }
}
