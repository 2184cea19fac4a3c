//! Metrics as Prometheus has them: series chosen by name and labels, read from an exposition or a query's answer.

mod exposition;
mod query;
mod sample;
mod selector;

pub use exposition::{NotAnExposition, exposition};
pub use query::{QueryError, query_answer};
pub use sample::{MetricObservation, Sample};
pub use selector::{Matcher, Operator, Selector};

pub(crate) use sample::json;
pub(crate) use selector::{SelectorError, selector};
