//! What the environment decides.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `LISTEN` | `0.0.0.0:8001` | address and port of `/health` and `/metrics` |
//! | `OTEL_SERVICE_NAME` | `worker` | label `service` of the metrics, field `service` of `/health` |
//! | `REDIS_URL` | `redis://localhost:6379` | the queue |
//! | `DATABASE_URL` | `postgresql://labuser:labpass@localhost:5432/labdb` | the database |
//! | `BATCH_SIZE` | `10` | entries that are claimed at once, from 1 |
//! | `FLUSH_INTERVAL_MS` | `1000` | pause after a look at the queue that found no full batch, from 1 |
//! | `MAX_RETRIES` | `3` | attempts at an entry, the first included, from 1 |
//! | `RETRY_DELAY_MS` | `500` | pause before each further one, and the first before a lost store is tried again, from 1 |
//! | `SIMULATE_DB_FAILURE` | `false` | `true` makes attempts fail on purpose |
//! | `FAILURE_RATE` | `0.3` | so many of them, from 0 to 1 |
//! | `REDIS_TIMEOUT_MS` | `800` | an operation on Redis takes no longer, from 1 |
//! | `LOG_LEVEL`, `LOG_FORMAT` | `info`, `text` | see [`service_kit::LogConfig`] |

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU16, NonZeroU32, ParseFloatError};
use std::str::FromStr;
use std::time::Duration;

use service_kit::{ConfigError, Environment, mask_password};

/// The worker's configuration.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the worker calls itself in metrics and health.
    pub service_name: String,
    /// The queue, `redis://…`.
    pub redis_url: String,
    /// The database, `postgresql://…`.
    pub database_url: String,
    /// Entries that are claimed at once.
    pub batch_size: NonZeroU16,
    /// Between two looks at the queue.
    pub flush_interval: Duration,
    /// Attempts at an entry.
    pub max_attempts: NonZeroU32,
    /// Between two of them.
    pub retry_delay: Duration,
    /// Attempts that fail on purpose, if any shall.
    pub simulated_failures: Option<FailureRate>,
    /// An operation on Redis takes no longer.
    pub redis_timeout: Duration,
}

/// A share of attempts, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureRate(f64);

/// A text that is no share.
#[derive(Debug, thiserror::Error)]
pub enum NoFailureRate {
    /// It is no number.
    #[error(transparent)]
    NoNumber(#[from] ParseFloatError),
    /// It is one below 0 or above 1.
    #[error("{0} is not between 0 and 1")]
    OutOfRange(f64),
}

impl FailureRate {
    /// Whether this one of the attempts fails.
    pub(crate) fn strikes(self) -> bool {
        // Below 1, whatever is drawn.
        fastrand::f64() < self.0
    }
}

impl FromStr for FailureRate {
    type Err = NoFailureRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share: f64 = text.trim().parse()?;
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share))
        } else {
            Err(NoFailureRate::OutOfRange(share))
        }
    }
}

impl Config {
    /// Reads the variables listed above.
    ///
    /// # Errors
    /// A variable cannot be what it must be.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let failure_rate =
            environment.parse("FAILURE_RATE", FailureRate(0.3), "a share from 0 to 1")?;
        let simulates = environment
            .text("SIMULATE_DB_FAILURE", "false")
            .eq_ignore_ascii_case("true");
        Ok(Self {
            listen: environment.parse(
                "LISTEN",
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8001)),
                "an address such as 0.0.0.0:8001",
            )?,
            service_name: environment.text("OTEL_SERVICE_NAME", "worker"),
            redis_url: environment.text("REDIS_URL", "redis://localhost:6379"),
            database_url: environment.text(
                "DATABASE_URL",
                "postgresql://labuser:labpass@localhost:5432/labdb",
            ),
            batch_size: environment.parse(
                "BATCH_SIZE",
                NonZeroU16::MIN.saturating_add(9),
                "a number of entries from 1 to 65535",
            )?,
            flush_interval: environment
                .milliseconds("FLUSH_INTERVAL_MS", Duration::from_secs(1))?,
            max_attempts: environment.parse(
                "MAX_RETRIES",
                NonZeroU32::MIN.saturating_add(2),
                "a number of attempts from 1",
            )?,
            retry_delay: environment.milliseconds("RETRY_DELAY_MS", Duration::from_millis(500))?,
            simulated_failures: simulates.then_some(failure_rate),
            redis_timeout: environment
                .milliseconds("REDIS_TIMEOUT_MS", Duration::from_millis(800))?,
        })
    }

    /// The start line of the log, without passwords.
    pub fn log(&self) {
        tracing::info!(
            service = self.service_name.as_str(),
            listen = %self.listen,
            redis = mask_password(&self.redis_url).as_ref(),
            postgres = mask_password(&self.database_url).as_ref(),
            batch_size = self.batch_size,
            flush_interval_ms = self.flush_interval.as_millis(),
            max_attempts = self.max_attempts,
            retry_delay_ms = self.retry_delay.as_millis(),
            simulation = self.simulated_failures.is_some(),
            failure_rate = self.simulated_failures.map(|rate| rate.0),
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
            .field("database_url", &mask_password(&self.database_url))
            .field("batch_size", &self.batch_size)
            .field("flush_interval", &self.flush_interval)
            .field("max_attempts", &self.max_attempts)
            .field("retry_delay", &self.retry_delay)
            .field("simulated_failures", &self.simulated_failures)
            .field("redis_timeout", &self.redis_timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_environment(&variables.iter().copied().collect())
    }

    #[test]
    fn nothing_set_is_the_documented_default() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "0.0.0.0:8001");
        assert_eq!(config.service_name, "worker");
        assert_eq!(
            (config.batch_size.get(), config.max_attempts.get()),
            (10, 3)
        );
        assert_eq!(config.flush_interval, Duration::from_secs(1));
        assert_eq!(config.retry_delay, Duration::from_millis(500));
        assert_eq!(config.simulated_failures, None);
        let shown = format!("{config:?}");
        assert!(
            shown.contains("labuser:***@localhost") && !shown.contains("labpass"),
            "{shown}"
        );
    }

    #[test]
    fn simulation_is_true_in_any_case_and_three_in_ten_unless_said() {
        let on = |value, rate| {
            let config = read(&[("SIMULATE_DB_FAILURE", value), ("FAILURE_RATE", rate)]);
            config.unwrap().simulated_failures
        };
        assert_eq!(on("True", ""), Some(FailureRate(0.3)));
        assert_eq!(on("true", "1"), Some(FailureRate(1.0)));
        assert_eq!(on("yes", "1"), None);
    }

    #[test]
    fn the_rate_strikes_never_always_or_sometimes() {
        let strikes = |rate: FailureRate| (0..1000).filter(|_| rate.strikes()).count();
        assert_eq!(strikes(FailureRate(0.0)), 0);
        assert_eq!(strikes(FailureRate(1.0)), 1000);
        assert!((1..1000).contains(&strikes(FailureRate(0.5))));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (name, value) in [
            ("BATCH_SIZE", "0"),
            ("BATCH_SIZE", "65536"),
            ("FLUSH_INTERVAL_MS", "0"),
            ("MAX_RETRIES", "0"),
            ("RETRY_DELAY_MS", "soon"),
            ("FAILURE_RATE", "1.1"),
            ("FAILURE_RATE", "-0.1"),
            ("FAILURE_RATE", "NaN"),
            ("FAILURE_RATE", "often"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{name}=`{value}` is not ")),
                "{error}"
            );
        }
    }
}
