//! The one place that reads the process environment. What a service makes of it is its own `Config`.

use std::collections::HashMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The environment variables of a process, read once.
///
/// An empty value counts as unset, as Compose writes `VAR: ${VAR:-}` for both.
#[derive(Debug, Default, Clone)]
pub struct Environment(HashMap<String, String>);

/// A variable has a value that cannot be what it must be.
#[derive(Debug, thiserror::Error)]
#[error("{name}=`{value}` is not {expected}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    expected: &'static str,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Environment {
    /// The variables of this process; those that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of `name`, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of `name`, or `default`.
    pub fn text(&self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or(default).to_owned()
    }

    /// The value of `name` as a `T`, or `default`; `expected` says in words what the value must be.
    ///
    /// # Errors
    /// The value is set and cannot be parsed.
    pub fn parse<T>(
        &self,
        name: &'static str,
        default: T,
        expected: &'static str,
    ) -> Result<T, ConfigError>
    where
        T: FromStr,
        T::Err: Error + Send + Sync + 'static,
    {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        value.parse().map_err(|cause: T::Err| ConfigError {
            name,
            value: value.to_owned(),
            expected,
            source: Some(cause.into()),
        })
    }

    /// `LISTEN`: an address and a port, `0.0.0.0:8000` by default.
    ///
    /// # Errors
    /// The value is no such address.
    pub fn listen(&self) -> Result<SocketAddr, ConfigError> {
        let default = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8000));
        self.parse("LISTEN", default, "an address such as 0.0.0.0:8000")
    }

    /// The value of `name` in milliseconds, at least 1, or `default`.
    ///
    /// # Errors
    /// The value is no such number.
    pub fn milliseconds(
        &self,
        name: &'static str,
        default: Duration,
    ) -> Result<Duration, ConfigError> {
        if self.get(name).is_none() {
            return Ok(default);
        }
        let milliseconds = self.parse(name, NonZeroU32::MIN, "a number of milliseconds from 1")?;
        Ok(Duration::from_millis(u64::from(milliseconds.get())))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_the_default() {
        let environment = Environment::from_iter([("TTL", "")]);
        assert_eq!(environment.parse("TTL", 60, "seconds").unwrap(), 60);
        assert_eq!(environment.text("TTL", "x"), "x");
    }

    #[test]
    fn a_wrong_value_is_named_with_what_it_should_be() {
        let environment = Environment::from_iter([("TTL", "soon")]);
        let error = environment
            .parse("TTL", 60, "a number of seconds")
            .unwrap_err();
        assert_eq!(error.to_string(), "TTL=`soon` is not a number of seconds");
    }

    #[test]
    fn milliseconds_begin_at_one() {
        let default = Duration::from_secs(2);
        let read =
            |value| Environment::from_iter([("WAIT_MS", value)]).milliseconds("WAIT_MS", default);
        assert_eq!(read("").unwrap(), default);
        assert_eq!(read("1").unwrap(), Duration::from_millis(1));
        let message = "WAIT_MS=`0` is not a number of milliseconds from 1";
        assert_eq!(read("0").unwrap_err().to_string(), message);
    }
}
