//! One line on standard output for every event, as text or as JSON.

use std::io;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::log_writer::{self, LogGuard};
use crate::traces::WithTraceId;
use crate::{ConfigError, Environment};

/// How much is logged, and in which form.
#[derive(Debug, Clone, Copy)]
pub struct LogConfig {
    /// Least important level that is shown.
    pub level: LevelFilter,
    /// Text or JSON.
    pub format: LogFormat,
}

/// The form of a log line.
///
/// ```text
/// 2024-05-01T12:00:00.123456Z  INFO product_service: cache hit key="product:prod-001" ms=0.31
/// {"timestamp":"2024-05-01T12:00:00.123456Z","level":"INFO","message":"cache hit","key":"product:prod-001","ms":0.31}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A form of log lines that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("no log format `{0}`")]
pub struct UnknownLogFormat(String);

impl FromStr for LogFormat {
    type Err = UnknownLogFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownLogFormat(text.to_owned())),
        }
    }
}

impl LogConfig {
    /// Reads `LOG_LEVEL` (default `info`) and `LOG_FORMAT` (default `text`).
    ///
    /// # Errors
    /// A variable has a value that is none of those listed in the message.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            level: environment.parse(
                "LOG_LEVEL",
                LevelFilter::INFO,
                "one of off, error, warn, info, debug, trace",
            )?,
            format: environment.parse("LOG_FORMAT", LogFormat::Text, "one of text, json")?,
        })
    }
}

/// Sends the process's events to standard output until the guard is dropped.
///
/// # Errors
/// The log thread cannot be started, or the process logs already.
pub fn start_logging(config: LogConfig) -> io::Result<LogGuard> {
    let (writer, guard) = log_writer::start(io::stdout())?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(false);
    let format = config.format;
    let lines = match format {
        LogFormat::Text => lines
            .map_event_format(|form| WithTraceId::new(format, form))
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_target(false)
            .map_event_format(|form| WithTraceId::new(format, form))
            .boxed(),
    };
    // At a level that shows everything, sending spans must not be what fills the log.
    let mut levels = Targets::new().with_default(config.level);
    for target in ["h2", "hyper_util", "tonic", "tower"] {
        levels = levels.with_target(target, config.level.min(LevelFilter::WARN));
    }
    tracing_subscriber::registry()
        // For the whole process: a filter of the layer's own would be asked twice about every event.
        .with(levels)
        .with(lines)
        .try_init()
        .map_err(io::Error::other)?;
    Ok(guard)
}
