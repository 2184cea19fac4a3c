//! One product at a time: look up, fill, invalidate. Never longer than the cache's patience.

use std::time::Duration;

use redis::{Cmd, RedisResult};
use service_kit::{Arguments, RedisClient, RedisClientError};
use uuid::Uuid;

use super::scripts::Scripts;
use crate::product::Product;

/// Well above the longest request: a generation outlives every reader that noted it.
const GENERATION_EXPIRY_SECONDS: u32 = 600;

/// All products' keys, as a pattern.
pub(super) const PATTERN: &str = "product:*";

/// A handle on the cache.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(super) redis: RedisClient,
    scripts: Scripts,
    ttl_seconds: u32,
}

/// An operation on the cache that did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error(transparent)]
    Redis(#[from] RedisClientError),
    #[error("a product that is no JSON")]
    Encode(#[from] serde_json::Error),
}

/// What was found under a product's key.
#[derive(Debug, PartialEq)]
pub(crate) enum Lookup {
    /// The product.
    Hit(Product),
    /// Nothing.
    Miss,
    /// Something that is no product.
    Undecodable,
}

/// The state of a product's writes when its generation was noted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generation(i64);

impl Cache {
    /// Connects in the background.
    ///
    /// # Errors
    /// `url` is not one of Redis.
    pub(crate) fn open(url: &str, ttl_seconds: u32, patience: Duration) -> RedisResult<Self> {
        Ok(Self {
            redis: RedisClient::open(url, patience)?,
            scripts: Scripts::new(),
            ttl_seconds,
        })
    }

    /// The Redis key of a product.
    pub(crate) fn key(id: &str) -> String {
        format!("product:{id}")
    }

    pub(crate) async fn ping(&self) -> Result<(), CacheError> {
        Ok(self.redis.ping().await?)
    }

    /// Does not extend the entry's life.
    pub(crate) async fn get(&self, id: &str) -> Result<Lookup, CacheError> {
        let found: Result<Option<Vec<u8>>, _> = self.redis.query(&Cmd::get(Self::key(id))).await;
        match found {
            Ok(Some(value)) => Ok(Lookup::decode(&value)),
            Ok(None) => Ok(Lookup::Miss),
            Err(error) if error.code() == Some("WRONGTYPE") => Ok(Lookup::Undecodable),
            Err(error) => Err(error.into()),
        }
    }

    /// To be called before the database is read for a fill.
    pub(crate) async fn note_generation(&self, id: &str) -> Result<Generation, CacheError> {
        let mut arguments = Arguments::new([generation_key(id)]);
        arguments.add(first_generation());
        arguments.add(GENERATION_EXPIRY_SECONDS);
        let generation = self.redis.run(&self.scripts.note, &arguments).await?;
        Ok(Generation(generation))
    }

    /// Stores `product` unless it was written since `noted`; says whether it did.
    pub(crate) async fn fill(
        &self,
        product: &Product,
        noted: Generation,
    ) -> Result<bool, CacheError> {
        let id = product.id.as_str();
        let mut arguments = Arguments::new([Self::key(id), generation_key(id)]);
        arguments.add(noted.0);
        arguments.add(self.ttl_seconds);
        arguments.add(serde_json::to_vec(product)?);
        Ok(self.redis.run(&self.scripts.fill, &arguments).await?)
    }

    /// Drops the product and makes every fill void that is under way; says whether it was cached.
    pub(crate) async fn invalidate(&self, id: &str) -> Result<bool, CacheError> {
        let mut arguments = Arguments::new([Self::key(id), generation_key(id)]);
        arguments.add(GENERATION_EXPIRY_SECONDS);
        Ok(self.redis.run(&self.scripts.invalidate, &arguments).await?)
    }

    /// Removes an entry that is no product.
    pub(crate) async fn discard(&self, id: &str) -> Result<(), CacheError> {
        Ok(self.redis.query(&Cmd::del(Self::key(id))).await?)
    }
}

impl Lookup {
    pub(crate) fn decode(value: &[u8]) -> Self {
        serde_json::from_slice(value).map_or(Self::Undecodable, Self::Hit)
    }
}

/// Not below `product:`, where it would count as a cached product.
fn generation_key(id: &str) -> String {
    format!("gen:product:{id}")
}

/// From 1, and small enough that Lua's numbers hold it and what is added to it.
fn first_generation() -> u64 {
    (Uuid::new_v4().as_u64_pair().1 >> 13) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str =
        r#"{"id":"a","name":"n","description":null,"price":50,"created_at":"c","updated_at":"u"}"#;

    #[test]
    fn only_a_whole_product_is_a_hit() {
        assert!(matches!(Lookup::decode(WHOLE.as_bytes()), Lookup::Hit(_)));
        for field in [
            "id",
            "name",
            "description",
            "price",
            "created_at",
            "updated_at",
        ] {
            let renamed = WHOLE.replace(&format!("\"{field}\""), "\"other\"");
            assert_eq!(
                Lookup::decode(renamed.as_bytes()),
                Lookup::Undecodable,
                "{field}"
            );
        }
        for wrong in [
            "",
            "{}",
            "[]",
            "x",
            "null",
            &WHOLE[1..],
            &WHOLE.replace("50", "\"50\""),
        ] {
            assert_eq!(
                Lookup::decode(wrong.as_bytes()),
                Lookup::Undecodable,
                "{wrong}"
            );
        }
        assert_eq!(Lookup::decode(b"\xff"), Lookup::Undecodable);
    }
}
