//! Many keys at once, and the server's own counts. No step holds up the server for long.

use std::collections::BTreeSet;

use redis::Cmd;
use redis::aio::ConnectionLike;

use super::client::{RedisClient, RedisClientError};

/// Keys looked at in one step of a scan, and dropped in one command.
const BATCH: usize = 500;

impl<C: ConnectionLike + Clone> RedisClient<C> {
    /// The keys that match the glob `pattern`, each once.
    ///
    /// # Errors
    /// See [`RedisClientError`].
    pub async fn keys(&self, pattern: &str) -> Result<BTreeSet<Vec<u8>>, RedisClientError> {
        let mut keys = BTreeSet::new();
        let mut cursor = 0;
        loop {
            let (next, batch): (u64, Vec<Vec<u8>>) = self.query(&scan(pattern, cursor)).await?;
            keys.extend(batch);
            if next == 0 {
                return Ok(keys);
            }
            cursor = next;
        }
    }

    /// Drops the keys that match the glob `pattern`; says how many there were.
    ///
    /// # Errors
    /// See [`RedisClientError`]; some keys may be gone already.
    pub async fn clear(&self, pattern: &str) -> Result<u64, RedisClientError> {
        let mut dropped = 0;
        let mut cursor = 0;
        loop {
            let (next, batch): (u64, Vec<Vec<u8>>) = self.query(&scan(pattern, cursor)).await?;
            if !batch.is_empty() {
                dropped += self.query::<u64>(&Cmd::unlink(&batch)).await?;
            }
            if next == 0 {
                return Ok(dropped);
            }
            cursor = next;
        }
    }

    /// Redis' own counts of keys found and not found since it started.
    ///
    /// # Errors
    /// See [`RedisClientError`].
    pub async fn keyspace_hits_and_misses(&self) -> Result<(u64, u64), RedisClientError> {
        let info: String = self.query(redis::cmd("INFO").arg("stats")).await?;
        let field = |name| {
            let value = info.lines().find_map(|line| line.strip_prefix(name));
            value
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0)
        };
        Ok((field("keyspace_hits:"), field("keyspace_misses:")))
    }

    /// What Redis calls its present run; it has another one after each start.
    ///
    /// # Errors
    /// See [`RedisClientError`].
    pub async fn run_id(&self) -> Result<String, RedisClientError> {
        let info: String = self.query(redis::cmd("INFO").arg("server")).await?;
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        Ok(run_id.unwrap_or_default().trim().to_owned())
    }
}

fn scan(pattern: &str, cursor: u64) -> Cmd {
    let mut scan = redis::cmd("SCAN");
    scan.arg(cursor)
        .arg("MATCH")
        .arg(pattern)
        .arg("COUNT")
        .arg(BATCH);
    scan
}
