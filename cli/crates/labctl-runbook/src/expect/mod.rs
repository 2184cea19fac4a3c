//! Expectations: the comment below a block, one claim or directive a line.

mod claim;
mod compare;
mod cursor;
mod directive;
mod fit;
mod http;
mod judge;
mod metric;
mod parse;
mod plain;
mod select;
mod service;
mod table;
#[cfg(test)]
mod tests;
mod trace;
mod url;
mod vacuous;
mod words;

pub use claim::{
    Aspect, Capture, Claim, Comparison, Expectations, Predicate, Quantifier, Redaction,
    RedactionKind, Retry, Role, ServiceSubject, SnapshotMode, Statement, Subject, TypeName, Value,
};
pub use http::{HttpMethod, HttpPart, HttpSubject};
pub use judge::{Evidence, evaluate, judge};
pub use metric::{MetricExpr, MetricSubject};
pub use parse::parse;
pub use service::unknown_services;
pub use trace::{SpanField, TracePart, TraceSubject, asks_for_traces};
pub use url::UrlTemplate;
pub use vacuous::{has_exit_claim, is_vacuous, judges_more_than_exit};

pub(crate) use directive::parse_redaction;
pub(crate) use metric::check_sources;
pub(crate) use url::check as check_url;
pub(crate) use vacuous::check_captures;
