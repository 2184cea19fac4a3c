//! Traces over OTLP: a span for every request, the spans below it, and their way to a collector.
//!
//! Without an endpoint there are no spans, and asking for one costs a look at a thread's variable. With one, spans wait
//! in a bounded queue for a thread of their own; a collector that is missing or slow costs spans, never a request.

mod attribute;
mod export;
mod lines;
mod losses;
mod requests;
mod span;

pub use attribute::Attribute;
pub use export::Traces;
pub(crate) use lines::WithTraceId;
pub(crate) use span::current_trace_id;
pub use span::{Parent, Span, annotate, traceparent, with_current_span};
