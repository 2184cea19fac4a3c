//! Expectations: the comment below a block, one claim or directive a line.

mod claim;

pub use claim::{
    Capture, Claim, Comparison, Expectations, Predicate, Quantifier, Redaction, RedactionKind,
    Retry, Role, SnapshotMode, Statement, Subject, TypeName, Value,
};
