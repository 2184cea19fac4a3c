//! The cache as a whole, and an entry as it stands: what the administrative routes show and drop.

use std::collections::BTreeSet;

use super::products::{Cache, CacheError, PATTERN};

/// An entry as it is stored.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Vec<u8>,
    /// -1 for one that does not expire.
    pub(crate) ttl_seconds: i64,
}

impl Cache {
    /// The entry of a product.
    pub(crate) async fn entry(&self, id: &str) -> Result<Option<Entry>, CacheError> {
        let key = Self::key(id);
        let mut both = redis::pipe();
        both.atomic().get(key.as_str()).ttl(key.as_str());
        let (value, ttl_seconds): (Option<Vec<u8>>, i64) = self.redis.query_all(&both).await?;
        Ok(value.map(|value| Entry { value, ttl_seconds }))
    }

    /// The keys of all cached products, each once.
    pub(crate) async fn keys(&self) -> Result<BTreeSet<Vec<u8>>, CacheError> {
        Ok(self.redis.keys(PATTERN).await?)
    }

    /// Drops all cached products; says how many there were.
    pub(crate) async fn clear(&self) -> Result<u64, CacheError> {
        Ok(self.redis.clear(PATTERN).await?)
    }

    /// The seconds that each of `keys` has left; -1 for ever, -2 for a key that is gone.
    pub(crate) async fn ttls(&self, keys: &[&Vec<u8>]) -> Result<Vec<i64>, CacheError> {
        if keys.is_empty() {
            // A pipeline without commands is an error.
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for key in keys {
            pipe.ttl(key);
        }
        Ok(self.redis.query_all(&pipe).await?)
    }

    /// Redis' own counts of keys found and not found since it started.
    pub(crate) async fn keyspace_hits_and_misses(&self) -> Result<(u64, u64), CacheError> {
        Ok(self.redis.keyspace_hits_and_misses().await?)
    }
}
