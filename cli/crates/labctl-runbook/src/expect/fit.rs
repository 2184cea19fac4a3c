//! Which values a subject can be compared with.

use super::{
    claim::{Comparison, Subject, Value},
    http, metric, service, trace,
};
use crate::{Diagnostic, Span};

/// Refuses a comparison that makes no sense of the subject. `sign`: its place; `span`: the value's.
pub(super) fn check(
    subject: &Subject,
    comparison: Comparison,
    value: &Value,
    sign: Span,
    span: Span,
) -> Result<(), Diagnostic> {
    let is_order = comparison.is_order();
    let refuse = |span, message: String, help: &str| {
        Err(Diagnostic::error("bad-claim", span, message).with_help(help))
    };
    match (subject, value) {
        (Subject::Exit, Value::Literal(literal))
            if literal
                .as_i64()
                .is_some_and(|code| !(0..=255).contains(&code)) =>
        {
            refuse(
                span,
                "no block exits so".to_owned(),
                "exit codes are 0 to 255; 128 + n is signal n",
            )
        }
        (Subject::Exit, Value::Literal(literal)) if !literal.is_i64() => refuse(
            span,
            "an exit code is a whole number".to_owned(),
            "such as `exit == 0`",
        ),
        (Subject::Duration, Value::Literal(_)) => refuse(
            span,
            "a duration needs its unit".to_owned(),
            "such as `duration < 500ms`",
        ),
        (Subject::Json { .. }, Value::Literal(literal)) if is_order && !literal.is_number() => {
            refuse(
                sign,
                "only numbers have an order".to_owned(),
                "compare with a number, or use `==`",
            )
        }
        (Subject::Http(asked), value) => {
            http::check_value(&asked.part, comparison, value, sign, span)
        }
        (Subject::Trace(trace), value) => {
            trace::check_value(&trace.part, comparison, value, sign, span)
        }
        (Subject::Metric(_), value) => metric::check_value(value, span),
        (subject, Value::Literal(literal))
            if subject.is_text() && !(literal.is_number() || literal.is_string() && !is_order) =>
        {
            let help = "compare it with text in double quotes or with a number";
            refuse(span, format!("{} is text", subject.in_words()), help)
        }
        (Subject::Service(service), value) => {
            service::check_value(service.aspect, comparison, value, sign, span)
        }
        _ => Ok(()),
    }
}
