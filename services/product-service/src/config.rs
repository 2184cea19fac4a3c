//! What the environment decides.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `LISTEN` | `0.0.0.0:8000` | address and port |
//! | `OTEL_SERVICE_NAME` | `product-service` | label `service` of the metrics, field `service` of `/health` |
//! | `REDIS_URL` | `redis://localhost:6379` | the cache |
//! | `POSTGRES_URL` | `postgresql://labuser:labpass@localhost:5432/products_db` | the database |
//! | `CACHE_TTL_SECONDS` | `60` | how long a product stays cached, at least 1 |
//! | `REDIS_TIMEOUT_MS` | `800` | a cache operation takes no longer, at least 1 |
//! | `ADMIN_TOKEN` | none | if set, `/admin/*` asks for it as a bearer token |
//! | `LOG_LEVEL`, `LOG_FORMAT` | `info`, `text` | see [`service_kit::LogConfig`] |

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use service_kit::{AdminToken, ConfigError, Environment, mask_password};

/// The service's configuration.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the service calls itself in metrics and health.
    pub service_name: String,
    /// The cache, `redis://…`.
    pub redis_url: String,
    /// The database, `postgresql://…`.
    pub postgres_url: String,
    /// Seconds that a product stays cached.
    pub cache_ttl_seconds: NonZeroU32,
    /// A cache operation takes no longer, whatever is wrong with Redis.
    pub redis_timeout: Duration,
    /// The token of `/admin/*`.
    pub admin_token: AdminToken,
}

impl Config {
    /// Reads the variables listed above.
    ///
    /// # Errors
    /// A variable cannot be what it must be.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: environment.listen()?,
            service_name: environment.text("OTEL_SERVICE_NAME", "product-service"),
            redis_url: environment.text("REDIS_URL", "redis://localhost:6379"),
            postgres_url: environment.text(
                "POSTGRES_URL",
                "postgresql://labuser:labpass@localhost:5432/products_db",
            ),
            cache_ttl_seconds: environment.parse(
                "CACHE_TTL_SECONDS",
                const { NonZeroU32::new(60).expect("60 is not zero") },
                "a number of seconds from 1",
            )?,
            redis_timeout: environment
                .milliseconds("REDIS_TIMEOUT_MS", Duration::from_millis(800))?,
            admin_token: AdminToken::new(environment.get("ADMIN_TOKEN")),
        })
    }

    /// The start line of the log, without passwords.
    pub fn log(&self) {
        tracing::info!(
            service = self.service_name.as_str(),
            listen = %self.listen,
            redis = mask_password(&self.redis_url).as_ref(),
            postgres = mask_password(&self.postgres_url).as_ref(),
            cache_ttl_seconds = self.cache_ttl_seconds,
            admin_token = ?self.admin_token,
            "starting"
        );
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("service_name", &self.service_name)
            .field("redis_url", &mask_password(&self.redis_url))
            .field("postgres_url", &mask_password(&self.postgres_url))
            .field("cache_ttl_seconds", &self.cache_ttl_seconds)
            .field("redis_timeout", &self.redis_timeout)
            .field("admin_token", &self.admin_token)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_is_the_documented_default() {
        let config = Config::from_environment(&Environment::default()).unwrap();
        assert_eq!(config.listen.to_string(), "0.0.0.0:8000");
        assert_eq!(config.service_name, "product-service");
        assert_eq!(config.cache_ttl_seconds.get(), 60);
        let shown = format!("{config:?}");
        assert!(
            shown.contains("labuser:***@localhost") && !shown.contains("labpass"),
            "{shown}"
        );
    }

    #[test]
    fn a_ttl_of_zero_is_refused() {
        let environment = Environment::from_iter([("CACHE_TTL_SECONDS", "0")]);
        let error = Config::from_environment(&environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CACHE_TTL_SECONDS=`0` is not a number of seconds from 1"
        );
    }
}
