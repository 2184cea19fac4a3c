//! Expectations: the comment below a block, one claim or directive a line.

mod claim;
mod compare;
mod cursor;
mod directive;
mod judge;
mod parse;
mod select;
mod table;
#[cfg(test)]
mod tests;
mod vacuous;
mod words;

pub use claim::{
    Capture, Claim, Comparison, Expectations, Predicate, Quantifier, Redaction, RedactionKind,
    Retry, Role, SnapshotMode, Statement, Subject, TypeName, Value,
};
pub use judge::{evaluate, judge};
pub use parse::parse;
pub use vacuous::{is_vacuous, judges_more_than_exit};

pub(crate) use directive::parse_redaction;
pub(crate) use vacuous::check_captures;
