//! Spans as services sent them, the trees they make, and how a tree looks in text.

mod drawn;
mod span;
mod tree;
mod waterfall;

pub use drawn::{DrawnSpan, drawn};
pub use span::{RecordedSpan, SpanKind, SpanStatus};
pub use tree::SpanTree;
pub use waterfall::{humane, waterfall};

pub(crate) use span::seconds_between;
