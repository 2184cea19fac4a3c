//! A connection that heals by itself, and commands that take a bounded time.

use std::time::Duration;

use redis::aio::{
    ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection,
};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo as _, Pipeline,
    RedisError, RedisResult,
};
use tokio::time::timeout;

use super::script::{Arguments, Script};

const CONNECT_PATIENCE: Duration = Duration::from_millis(500);
/// A peer that acknowledges nothing for so long is gone, and the connection with it.
const SILENCE: Duration = Duration::from_secs(2);

/// A handle on Redis. Over a [`ConnectionManager`] it connects by itself, and again when the connection is
/// lost; over a [`MultiplexedConnection`] a loss is its end.
#[derive(Debug, Clone)]
pub struct RedisClient<C = ConnectionManager> {
    connection: C,
    /// An operation takes no longer, a second attempt and a new connection included.
    patience: Duration,
}

/// An operation that did not work; it may have had its effect all the same.
#[derive(Debug, thiserror::Error)]
pub enum RedisClientError {
    /// Time ran out.
    #[error("no answer from Redis within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// No connection, or an error for an answer.
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

impl RedisClientError {
    /// The word that Redis' error begins with, such as `WRONGTYPE`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Redis(error) => error.code(),
            Self::Timeout(_) => None,
        }
    }

    /// Whether the connection was lost, or could not be made.
    pub fn is_lost_connection(&self) -> bool {
        matches!(self, Self::Redis(error) if is_lost_connection(error))
    }
}

impl RedisClient {
    /// Connects in the background; an operation takes `patience` at most.
    ///
    /// # Errors
    /// `url` is not one of Redis.
    pub fn open(url: &str, patience: Duration) -> RedisResult<Self> {
        // Attempts are made when an operation needs one, not on a schedule; `patience` is the limit on answers.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_PATIENCE))
            .set_response_timeout(None);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client(url)?, config)?,
            patience,
        })
    }
}

impl RedisClient<MultiplexedConnection> {
    /// Connects now, within `patience`, which is the limit for its operations too.
    ///
    /// # Errors
    /// `url` is not one of Redis, or there is no connection.
    pub async fn connect(url: &str, patience: Duration) -> Result<Self, RedisClientError> {
        let client = client(url)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_PATIENCE))
            .set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        let connection = within(patience, connection).await?;
        Ok(Self {
            connection,
            patience,
        })
    }
}

impl<C: ConnectionLike + Clone> RedisClient<C> {
    /// Whether the server answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), RedisClientError> {
        self.query(&redis::cmd("PING")).await
    }

    /// Sends `command`, and once more if the connection turns out to be lost: it must bear to run twice.
    ///
    /// # Errors
    /// See [`RedisClientError`].
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisClientError> {
        let attempts = async {
            match command.query_async(&mut self.connection.clone()).await {
                Err(error) if is_lost_connection(&error) => {
                    command.query_async(&mut self.connection.clone()).await
                }
                outcome => outcome,
            }
        };
        within(self.patience, attempts).await
    }

    /// As [`Self::query`], for several commands at once.
    ///
    /// # Errors
    /// See [`RedisClientError`].
    pub async fn query_all<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, RedisClientError> {
        let attempts = async {
            match commands.query_async(&mut self.connection.clone()).await {
                Err(error) if is_lost_connection(&error) => {
                    commands.query_async(&mut self.connection.clone()).await
                }
                outcome => outcome,
            }
        };
        within(self.patience, attempts).await
    }

    /// Runs a script by its hash, and by its text where Redis has not seen it yet: it must bear to run twice.
    ///
    /// # Errors
    /// See [`RedisClientError`].
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: &Arguments,
    ) -> Result<T, RedisClientError> {
        match self.query(&script.by_hash(arguments)).await {
            Err(error) if error.code() == Some("NOSCRIPT") => {
                self.query(&script.by_text(arguments)).await
            }
            outcome => outcome,
        }
    }
}

/// With the settings of all our connections.
fn client(url: &str) -> RedisResult<Client> {
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_user_timeout(SILENCE);
    let url = url.into_connection_info()?;
    // To tell the server the library's name costs a round trip, and swallows its refusal to talk.
    let redis = url.redis_settings().clone().set_skip_set_lib_name();
    Client::open(url.set_tcp_settings(tcp).set_redis_settings(redis))
}

async fn within<T>(
    patience: Duration,
    attempts: impl Future<Output = RedisResult<T>>,
) -> Result<T, RedisClientError> {
    match timeout(patience, attempts).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(RedisClientError::Timeout(patience)),
    }
}

fn is_lost_connection(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}
