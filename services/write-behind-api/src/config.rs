//! What the environment decides.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `LISTEN` | `0.0.0.0:8000` | address and port |
//! | `OTEL_SERVICE_NAME` | `api` | label `service` of the metrics, field `service` of `/health` |
//! | `REDIS_URL` | `redis://localhost:6379` | the cache and the queue |
//! | `DATABASE_URL` | `postgresql://labuser:labpass@localhost:5432/labdb` | the database |
//! | `WRITE_BEHIND_ENABLED` | `true` | `true` queues writes, anything else makes them wait for the database |
//! | `WRITE_COALESCING_ENABLED` | `true` | `true` lets updates of a product join the one that waits |
//! | `COALESCING_WINDOW_MS` | `500` | for so long after the last of them |
//! | `QUEUE_LIMIT` | none | a queue of so many entries takes no more, from 1 |
//! | `REDIS_TIMEOUT_MS` | `800` | an operation on Redis takes no longer, from 1 |
//! | `POSTGRES_WAIT_MS` | `5000` | a statement waits so long for a free connection, from 1 |
//! | `ADMIN_TOKEN` | none | if set, `/admin/…` asks for it as a bearer token |
//! | `LOG_LEVEL`, `LOG_FORMAT` | `info`, `text` | see [`service_kit::LogConfig`] |

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use service_kit::{AdminToken, ConfigError, Environment, mask_password};

/// The service's configuration.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the service calls itself in metrics and health.
    pub service_name: String,
    /// The cache and the queue, `redis://…`.
    pub redis_url: String,
    /// The database, `postgresql://…`.
    pub database_url: String,
    /// Whether writes are queued.
    pub write_behind: bool,
    /// Whether updates join the one that waits.
    pub coalescing: bool,
    /// How long they may.
    pub coalescing_window_ms: u32,
    /// Entries that the queue takes at most.
    pub queue_limit: Option<NonZeroU64>,
    /// An operation on Redis takes no longer.
    pub redis_timeout: Duration,
    /// A statement waits so long for one of the connections.
    pub postgres_wait: Duration,
    /// The token of `/admin/…`.
    pub admin_token: AdminToken,
}

impl Config {
    /// Reads the variables listed above.
    ///
    /// # Errors
    /// A variable cannot be what it must be.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let is_on = |name| environment.text(name, "true").eq_ignore_ascii_case("true");
        Ok(Self {
            listen: environment.parse(
                "LISTEN",
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8000)),
                "an address such as 0.0.0.0:8000",
            )?,
            service_name: environment.text("OTEL_SERVICE_NAME", "api"),
            redis_url: environment.text("REDIS_URL", "redis://localhost:6379"),
            database_url: environment.text(
                "DATABASE_URL",
                "postgresql://labuser:labpass@localhost:5432/labdb",
            ),
            write_behind: is_on("WRITE_BEHIND_ENABLED"),
            coalescing: is_on("WRITE_COALESCING_ENABLED"),
            coalescing_window_ms: environment.parse(
                "COALESCING_WINDOW_MS",
                500,
                "a number of milliseconds",
            )?,
            queue_limit: match environment.get("QUEUE_LIMIT") {
                None => None,
                Some(_) => Some(environment.parse(
                    "QUEUE_LIMIT",
                    NonZeroU64::MIN,
                    "a number of entries from 1",
                )?),
            },
            redis_timeout: milliseconds(environment, "REDIS_TIMEOUT_MS", 800)?,
            postgres_wait: milliseconds(environment, "POSTGRES_WAIT_MS", 5000)?,
            admin_token: AdminToken::new(environment.get("ADMIN_TOKEN")),
        })
    }

    /// The start line of the log, without passwords.
    pub fn log(&self) {
        tracing::info!(
            service = self.service_name.as_str(),
            listen = %self.listen,
            redis = mask_password(&self.redis_url).as_ref(),
            postgres = mask_password(&self.database_url).as_ref(),
            write_behind = self.write_behind,
            coalescing = self.coalescing,
            coalescing_window_ms = self.coalescing_window_ms,
            queue_limit = self.queue_limit,
            admin_token = ?self.admin_token,
            "starting"
        );
    }
}

fn milliseconds(
    environment: &Environment,
    name: &'static str,
    default: u32,
) -> Result<Duration, ConfigError> {
    let default = NonZeroU32::new(default).unwrap_or(NonZeroU32::MIN);
    let millis = environment.parse(name, default, "a number of milliseconds from 1")?;
    Ok(Duration::from_millis(u64::from(millis.get())))
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("service_name", &self.service_name)
            .field("redis_url", &mask_password(&self.redis_url))
            .field("database_url", &mask_password(&self.database_url))
            .field("write_behind", &self.write_behind)
            .field("coalescing", &self.coalescing)
            .field("coalescing_window_ms", &self.coalescing_window_ms)
            .field("queue_limit", &self.queue_limit)
            .field("redis_timeout", &self.redis_timeout)
            .field("postgres_wait", &self.postgres_wait)
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
        assert_eq!(config.service_name, "api");
        assert!(config.write_behind && config.coalescing);
        assert_eq!(config.coalescing_window_ms, 500);
        assert_eq!(config.queue_limit, None);
        let shown = format!("{config:?}");
        assert!(
            shown.contains("labuser:***@localhost") && !shown.contains("labpass"),
            "{shown}"
        );
    }

    #[test]
    fn on_is_true_in_any_case_and_anything_else_is_off() {
        for (value, is_on) in [("TRUE", true), ("True", true), ("1", false), ("no", false)] {
            let environment = Environment::from_iter([("WRITE_BEHIND_ENABLED", value)]);
            let config = Config::from_environment(&environment).unwrap();
            assert_eq!(config.write_behind, is_on, "{value}");
        }
    }

    #[test]
    fn a_limit_of_zero_and_a_window_below_zero_are_refused() {
        for (name, value) in [("QUEUE_LIMIT", "0"), ("COALESCING_WINDOW_MS", "-1")] {
            let environment = Environment::from_iter([(name, value)]);
            assert!(Config::from_environment(&environment).is_err(), "{name}");
        }
    }
}
