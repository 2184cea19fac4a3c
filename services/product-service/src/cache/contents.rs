//! The cache as a whole, and an entry as it stands: what the administrative routes show and drop.

use std::collections::BTreeSet;

use redis::Cmd;

use super::client::{Cache, CacheError, PATTERN};

/// Keys looked at in one step of a scan, and dropped in one command.
const BATCH: usize = 500;

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
        let (value, ttl_seconds): (Option<Vec<u8>>, i64) = self.query_all(&both).await?;
        Ok(value.map(|value| Entry { value, ttl_seconds }))
    }

    /// The keys of all cached products, each once.
    pub(crate) async fn keys(&self) -> Result<BTreeSet<Vec<u8>>, CacheError> {
        let mut keys = BTreeSet::new();
        let mut cursor = 0;
        loop {
            let (next, batch): (u64, Vec<Vec<u8>>) = self.query(&scan(cursor)).await?;
            keys.extend(batch);
            if next == 0 {
                return Ok(keys);
            }
            cursor = next;
        }
    }

    /// Drops all cached products; says how many there were.
    pub(crate) async fn clear(&self) -> Result<u64, CacheError> {
        let mut dropped = 0;
        let mut cursor = 0;
        loop {
            let (next, batch): (u64, Vec<Vec<u8>>) = self.query(&scan(cursor)).await?;
            if !batch.is_empty() {
                dropped += self.query::<u64>(&Cmd::unlink(&batch)).await?;
            }
            if next == 0 {
                return Ok(dropped);
            }
            cursor = next;
        }
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
        self.query_all(&pipe).await
    }

    /// Redis' own counts of keys found and not found since it started.
    pub(crate) async fn keyspace_hits_and_misses(&self) -> Result<(u64, u64), CacheError> {
        let info: String = self.query(redis::cmd("INFO").arg("stats")).await?;
        let field = |name| {
            let value = info.lines().find_map(|line| line.strip_prefix(name));
            value
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0)
        };
        Ok((field("keyspace_hits:"), field("keyspace_misses:")))
    }
}

fn scan(cursor: u64) -> Cmd {
    let mut scan = redis::cmd("SCAN");
    scan.arg(cursor)
        .arg("MATCH")
        .arg(PATTERN)
        .arg("COUNT")
        .arg(BATCH);
    scan
}
