//! The configuration, from environment variables.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `LISTEN` | `0.0.0.0:8000` | where to listen |
//! | `OTEL_SERVICE_NAME` | `kv-store` | what the service calls itself |
//! | `WAL_ENABLED` | `true` | whether writes are logged; `true` in any case, everything else is false |
//! | `WAL_PATH` | `/data/wal.log` | the log: its segments are `<WAL_PATH>.<number>`, its lock `<WAL_PATH>.lock` |
//! | `CHECKPOINT_PATH` | `/data/checkpoint.json` | the checkpoint; written as the same path with extension `.tmp` first |
//! | `FSYNC_ENABLED` | `true` | whether a write is on the disk before its answer; read as `WAL_ENABLED` is |
//! | `CHECKPOINT_THRESHOLD` | 100 | log entries that make a checkpoint due, at least 1 |
//! | `LOG_LEVEL`, `LOG_FORMAT` | `info`, `text` | see [`service_kit::LogConfig`] |

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use service_kit::{ConfigError, Environment};

use crate::wal::Durability;

/// The service's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the service calls itself in health and logs.
    pub service_name: String,
    /// The log; none where the store is in memory only.
    pub log: Option<LogConfig>,
}

/// Where the log and the checkpoint are, and how they behave.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The log's path; there is no file of just that name.
    pub log_path: PathBuf,
    /// The checkpoint's path.
    pub checkpoint_path: PathBuf,
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// Entries since the last checkpoint that make one due.
    pub checkpoint_threshold: NonZeroU64,
}

/// Two paths that cannot be those of a log and its checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It ends in a folder.
    #[error("{variable}=`{}` has no file name", path.display())]
    NoFileName {
        /// The variable.
        variable: &'static str,
        /// Its value.
        path: PathBuf,
    },
    /// The checkpoint would be one of the log's files, or its own temporary one.
    #[error("CHECKPOINT_PATH=`{}` is the name of another of the store's files", .0.display())]
    Taken(PathBuf),
}

/// The configuration is wrong.
#[derive(Debug, thiserror::Error)]
pub enum WrongConfig {
    /// A variable cannot be what it must be.
    #[error(transparent)]
    Variable(#[from] ConfigError),
    /// The paths are wrong.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Config {
    /// Reads the variables listed above.
    ///
    /// # Errors
    /// A variable cannot be what it must be.
    pub fn from_environment(environment: &Environment) -> Result<Self, WrongConfig> {
        let log = if is_true(environment, "WAL_ENABLED") {
            Some(LogConfig::from_environment(environment)?)
        } else {
            None
        };
        Ok(Self {
            listen: environment.listen()?,
            service_name: environment.text("OTEL_SERVICE_NAME", "kv-store"),
            log,
        })
    }

    /// The start line of the log.
    pub fn log_start(&self) {
        let log = self.log.as_ref();
        tracing::info!(
            service = self.service_name.as_str(),
            listen = %self.listen,
            wal_enabled = log.is_some(),
            wal = log.map(|log| tracing::field::display(log.log_path.display())),
            checkpoint = log.map(|log| tracing::field::display(log.checkpoint_path.display())),
            durability = log.map(|log| tracing::field::debug(log.durability)),
            checkpoint_threshold = log.map(|log| log.checkpoint_threshold.get()),
            "starting"
        );
    }
}

impl LogConfig {
    fn from_environment(environment: &Environment) -> Result<Self, WrongConfig> {
        let path = |variable, default| PathBuf::from(environment.text(variable, default));
        let config = Self {
            log_path: path("WAL_PATH", "/data/wal.log"),
            checkpoint_path: path("CHECKPOINT_PATH", "/data/checkpoint.json"),
            durability: Durability::from_fsync_enabled(is_true(environment, "FSYNC_ENABLED")),
            checkpoint_threshold: environment.parse(
                "CHECKPOINT_THRESHOLD",
                const { NonZeroU64::new(100).expect("100 is not zero") },
                "a number of entries from 1",
            )?,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), PathError> {
        let named = |variable, path: &PathBuf| match file_name(path) {
            Some(_) => Ok(()),
            None => Err(PathError::NoFileName {
                variable,
                path: path.clone(),
            }),
        };
        named("WAL_PATH", &self.log_path)?;
        named("CHECKPOINT_PATH", &self.checkpoint_path)?;
        let is_temporary = self.checkpoint_path.extension().is_some_and(|e| e == "tmp");
        if is_temporary || is_log_file(&self.log_path, &self.checkpoint_path) {
            return Err(PathError::Taken(self.checkpoint_path.clone()));
        }
        Ok(())
    }
}

/// The name at the end of a path; `None` too for one that is not text, which no environment of ours has.
pub(crate) fn file_name(path: &Path) -> Option<&str> {
    // A path that ends in a slash has a name too, as far as the library is concerned.
    let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    path.file_name()?.to_str().filter(|_| !is_folder)
}

/// Whether `path` is the log, its lock or one of its segments.
fn is_log_file(log: &Path, path: &Path) -> bool {
    let (Some(log), Some(path)) = (log.to_str(), path.to_str()) else {
        return false;
    };
    let end = path
        .strip_prefix(log)
        .map(|end| end.strip_prefix('.').unwrap_or(end));
    end.is_some_and(|end| end == "lock" || end.bytes().all(|b| b.is_ascii_digit()))
}

fn is_true(environment: &Environment, variable: &str) -> bool {
    environment
        .text(variable, "true")
        .eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, WrongConfig> {
        Config::from_environment(&variables.iter().copied().collect())
    }

    #[test]
    fn nothing_set_is_the_documented_default() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "0.0.0.0:8000");
        assert_eq!(config.service_name, "kv-store");
        let log = config.log.unwrap();
        assert_eq!(log.log_path, Path::new("/data/wal.log"));
        assert_eq!(log.checkpoint_path, Path::new("/data/checkpoint.json"));
        assert_eq!(log.durability, Durability::Disk);
        assert_eq!(log.checkpoint_threshold.get(), 100);
    }

    #[test]
    fn only_true_is_true() {
        for (value, is_true) in [("TRUE", true), ("True", true), ("1", false), ("no", false)] {
            let config = read(&[("WAL_ENABLED", value)]).unwrap();
            assert_eq!(config.log.is_some(), is_true, "{value}");
        }
        let log = read(&[("FSYNC_ENABLED", "false")]).unwrap().log.unwrap();
        assert_eq!(log.durability, Durability::OperatingSystem);
    }

    #[track_caller]
    fn refused(variables: &[(&str, &str)], message: &str) {
        assert_eq!(read(variables).unwrap_err().to_string(), message);
    }

    #[test]
    fn what_cannot_work_is_refused() {
        refused(
            &[("CHECKPOINT_THRESHOLD", "0")],
            "CHECKPOINT_THRESHOLD=`0` is not a number of entries from 1",
        );
        refused(
            &[("WAL_PATH", "/data/")],
            "WAL_PATH=`/data/` has no file name",
        );
        for path in ["/d/log", "/d/log.lock", "/d/log.00000001", "/d/other.tmp"] {
            let message =
                format!("CHECKPOINT_PATH=`{path}` is the name of another of the store's files");
            refused(
                &[("WAL_PATH", "/d/log"), ("CHECKPOINT_PATH", path)],
                &message,
            );
        }
        // Without a log nobody looks at its paths.
        read(&[("WAL_ENABLED", "false"), ("WAL_PATH", "/")]).unwrap();
    }
}
