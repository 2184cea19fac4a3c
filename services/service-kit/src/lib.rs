//! What every lab's service shares: configuration from the environment, JSON errors and fallbacks,
//! metrics, logs, traces, the health probe, the graceful stop and the `main` around it all.
//!
//! With the feature `postgres` also a pool of connections, with `redis` a client; what is stored there is
//! the services' own, as are the routes.

mod auth;
mod body;
mod connect;
mod environment;
mod error;
mod fallback;
mod healthcheck;
mod http_metrics;
mod item_input;
mod log_writer;
mod logging;
mod mask;
mod metrics;
mod milliseconds;
mod observed;
mod path_id;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
#[cfg(feature = "redis")]
mod redis;
mod serve;
mod service;
mod to_its_end;
mod trace_id;
mod traces;
mod under_way;
mod validation;

#[cfg(feature = "redis")]
pub use self::redis::{Arguments, RedisClient, RedisClientError, Script};
pub use auth::{AdminToken, require_admin_token};
pub use body::{JsonBody, malformed, read_body, read_json};
pub use connect::connect;
pub use environment::{ConfigError, Environment};
pub use error::{ApiError, error_chain};
pub use fallback::{method_not_allowed, not_found, not_found_or_redirect};
pub use healthcheck::{ProbeError, probe};
pub use http_metrics::{Endpoint, HttpMetrics};
pub use item_input::{
    ItemInput, item_fields, item_name, item_price, price_in_range, required_field,
};
pub use log_writer::LogGuard;
pub use logging::{LogConfig, LogFormat, UnknownLogFormat, start_logging};
pub use mask::mask_password;
pub use metrics::{exposition, registry};
pub use milliseconds::milliseconds;
pub use observed::{Answered, Fact, Observed, Observer, observed};
pub use path_id::PathId;
#[cfg(feature = "postgres")]
pub use postgres::{
    PoolSettings, PostgresError, PostgresPool, SessionId, StatementParameters, Statements,
};
pub use query::{Parameters, last_parameter, limit};
pub use serve::{serve, serve_beside};
pub use service::{Service, main};
pub use to_its_end::to_its_end;
pub use trace_id::TraceId;
pub use traces::{Attribute, Parent, Span, Traces, annotate, traceparent, with_current_span};
pub use under_way::{Entered, UnderWay};
pub use validation::{Problem, ValidationError};
