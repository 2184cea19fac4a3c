//! One product at a time: look up, fill, invalidate. Never longer than the cache's patience.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo as _, Pipeline, RedisError, RedisResult,
};
use tokio::time::timeout;
use uuid::Uuid;

use super::scripts::{Arguments, Script, Scripts};
use crate::product::Product;

const CONNECT_PATIENCE: Duration = Duration::from_millis(500);
/// A peer that acknowledges nothing for so long is gone, and the connection with it.
const SILENCE: Duration = Duration::from_secs(2);
/// Well above the longest request: a generation outlives every reader that noted it.
const GENERATION_EXPIRY_SECONDS: u32 = 600;

/// All products' keys, as a pattern.
pub(super) const PATTERN: &str = "product:*";

/// A handle on the cache; connects by itself, and again when the connection is lost.
#[derive(Debug)]
pub(crate) struct Cache {
    connection: ConnectionManager,
    scripts: Scripts,
    ttl_seconds: u32,
    /// An operation takes no longer, a second attempt and a new connection included.
    patience: Duration,
}

/// An operation on the cache that did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("no answer from Redis within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("Redis failed")]
    Redis(#[from] RedisError),
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
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_user_timeout(SILENCE);
        let url = url.into_connection_info()?;
        // To tell the server the library's name costs a round trip, and swallows its refusal to talk.
        let redis = url.redis_settings().clone().set_skip_set_lib_name();
        let url = url.set_tcp_settings(tcp).set_redis_settings(redis);
        let client = Client::open(url)?;
        // Attempts are made when an operation needs one, not on a schedule; `patience` is the limit on answers.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_PATIENCE))
            .set_response_timeout(None);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config)?,
            scripts: Scripts::new(),
            ttl_seconds,
            patience,
        })
    }

    /// The Redis key of a product.
    pub(crate) fn key(id: &str) -> String {
        format!("product:{id}")
    }

    pub(crate) async fn ping(&self) -> Result<(), CacheError> {
        self.query(&redis::cmd("PING")).await
    }

    /// Does not extend the entry's life.
    pub(crate) async fn get(&self, id: &str) -> Result<Lookup, CacheError> {
        let found: Result<Option<Vec<u8>>, _> = self.query(&Cmd::get(Self::key(id))).await;
        match found {
            Ok(Some(value)) => Ok(Lookup::decode(&value)),
            Ok(None) => Ok(Lookup::Miss),
            Err(CacheError::Redis(error)) if error.code() == Some("WRONGTYPE") => {
                Ok(Lookup::Undecodable)
            }
            Err(error) => Err(error),
        }
    }

    /// To be called before the database is read for a fill.
    pub(crate) async fn note_generation(&self, id: &str) -> Result<Generation, CacheError> {
        let mut arguments = Arguments::new([generation_key(id)]);
        arguments.add(first_generation());
        arguments.add(GENERATION_EXPIRY_SECONDS);
        self.run(&self.scripts.note, &arguments)
            .await
            .map(Generation)
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
        self.run(&self.scripts.fill, &arguments).await
    }

    /// Drops the product and makes every fill void that is under way; says whether it was cached.
    pub(crate) async fn invalidate(&self, id: &str) -> Result<bool, CacheError> {
        let mut arguments = Arguments::new([Self::key(id), generation_key(id)]);
        arguments.add(GENERATION_EXPIRY_SECONDS);
        self.run(&self.scripts.invalidate, &arguments).await
    }

    /// Removes an entry that is no product.
    pub(crate) async fn discard(&self, id: &str) -> Result<(), CacheError> {
        self.query(&Cmd::del(Self::key(id))).await
    }

    /// Sends `command`, and once more if the connection turns out to be lost.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, CacheError> {
        let attempts = async {
            match command.query_async(&mut self.connection.clone()).await {
                Err(error) if is_lost_connection(&error) => {
                    command.query_async(&mut self.connection.clone()).await
                }
                outcome => outcome,
            }
        };
        self.within_patience(attempts).await
    }

    /// As [`Self::query`], for several commands at once.
    pub(super) async fn query_all<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, CacheError> {
        let attempts = async {
            match commands.query_async(&mut self.connection.clone()).await {
                Err(error) if is_lost_connection(&error) => {
                    commands.query_async(&mut self.connection.clone()).await
                }
                outcome => outcome,
            }
        };
        self.within_patience(attempts).await
    }

    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: &Arguments,
    ) -> Result<T, CacheError> {
        match self.query(&script.by_hash(arguments)).await {
            Err(CacheError::Redis(error)) if error.code() == Some("NOSCRIPT") => {
                self.query(&script.by_text(arguments)).await
            }
            outcome => outcome,
        }
    }

    async fn within_patience<T>(
        &self,
        attempts: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, CacheError> {
        match timeout(self.patience, attempts).await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(CacheError::Timeout(self.patience)),
        }
    }
}

fn is_lost_connection(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
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
