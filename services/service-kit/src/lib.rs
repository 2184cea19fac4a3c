//! What every lab's service shares: configuration from the environment, JSON errors and fallbacks,
//! metrics, logs, trace ids, the health probe and the graceful stop. Stores and routes are the services' own.

mod auth;
mod body;
mod environment;
mod error;
mod fallback;
mod healthcheck;
mod http_metrics;
mod log_writer;
mod logging;
mod mask;
mod metrics;
mod serve;
mod trace_id;
mod validation;

pub use auth::{AdminToken, require_admin_token};
pub use body::{JsonBody, malformed, read_body, read_json};
pub use environment::{ConfigError, Environment};
pub use error::{ApiError, error_chain};
pub use fallback::{method_not_allowed, not_found, not_found_or_redirect};
pub use healthcheck::{ProbeError, probe};
pub use http_metrics::{Endpoint, HttpMetrics};
pub use log_writer::LogGuard;
pub use logging::{LogConfig, LogFormat, UnknownLogFormat, start_logging};
pub use mask::mask_password;
pub use metrics::{exposition, registry};
pub use serve::serve;
pub use trace_id::TraceId;
pub use validation::{Problem, ValidationError};
