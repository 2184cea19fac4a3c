//! What claims say, what they hold of, and every way to write them wrong.

mod arbitrary;
mod directives;
mod http;
mod metrics;
mod plain;
mod refused;
mod services;
mod support;
mod traces;
mod vacuous;
mod verdicts;
