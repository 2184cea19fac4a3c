//! Claims in plain words, for who has not learnt the grammar.

use std::{fmt::Write as _, time::Duration};

use super::{
    claim::{Aspect, Capture, Claim, Comparison, Predicate, Quantifier, Statement, Subject, Value},
    http::{HttpPart, HttpSubject},
    metric::{MetricExpr, MetricSubject},
    trace::{SpanField, TracePart, TraceSubject},
    words::{TYPES, name_of},
};

impl Statement {
    /// What it says, as a clause: "`$.count` in the JSON it prints is 3", where "it" is the block.
    pub fn in_plain_words(&self) -> String {
        match self {
            Self::Claim(claim) => claim.in_plain_words(),
            Self::Capture(capture) => capture.in_plain_words(),
        }
    }
}

impl Capture {
    fn in_plain_words(&self) -> String {
        format!(
            "{} is kept as `{}`",
            self.subject.in_plain_words(),
            self.name
        )
    }
}

impl Claim {
    /// As [`Statement::in_plain_words`].
    pub fn in_plain_words(&self) -> String {
        let mut text = match self.quantifier {
            None => String::new(),
            Some(Quantifier::All) => "each of these: ".to_owned(),
            Some(Quantifier::Any) => "at least one of these: ".to_owned(),
            Some(Quantifier::None) => "none of these: ".to_owned(),
        };
        text.push_str(&self.subject.in_plain_words());
        text.push(' ');
        text.push_str(&self.predicate_in_plain_words());
        if let Some(within) = self.within {
            let _ = write!(
                text,
                "; asked again until it is so, for at most {}",
                time(within)
            );
        }
        if let Some(why) = &self.why {
            let _ = write!(text, " ({why})");
        }
        text
    }
}

impl Claim {
    fn predicate_in_plain_words(&self) -> String {
        let is = if self.is_negated { "is not" } else { "is" };
        match &self.predicate {
            Predicate::Compare(comparison, value, tolerance) => {
                let mut text = format!("{is} {}{}", compared(*comparison), said(value));
                if let Some(tolerance) = tolerance {
                    let _ = write!(text, ", give or take {tolerance}");
                }
                text
            }
            Predicate::Contains(value) if self.is_negated => {
                format!("does not contain {}", said(value))
            }
            Predicate::Contains(value) => format!("contains {}", said(value)),
            Predicate::Matches(regex) if self.is_negated => format!("does not match /{regex}/"),
            Predicate::Matches(regex) => format!("matches /{regex}/"),
            Predicate::Is(kind) => format!("{is} of the kind `{}`", name_of(&TYPES, kind)),
            Predicate::Exists => format!("{is} there"),
            Predicate::Count(comparison, count) => {
                let amount = match comparison {
                    Comparison::Equal => format!("exactly {count}"),
                    other => format!("{}{count}", compared(*other)),
                };
                match (self.subject.has_lines(), self.is_negated) {
                    (true, false) => format!("has {amount} lines"),
                    (true, true) => format!("does not have {amount} lines"),
                    (false, _) => format!("{is} there {amount} times"),
                }
            }
        }
    }
}

impl Subject {
    /// Something of which lines are counted.
    fn has_lines(&self) -> bool {
        match self {
            Self::Stdout | Self::Stderr => true,
            Self::Service(service) => service.aspect == Aspect::Logs,
            Self::Http(asked) => asked.part == HttpPart::Body,
            _ => false,
        }
    }

    fn in_plain_words(&self) -> String {
        match self {
            Self::Exit => "its exit code".to_owned(),
            Self::Stdout => "what it prints".to_owned(),
            Self::Stderr => "what it prints to standard error".to_owned(),
            Self::Line(-1) => "the last line it prints".to_owned(),
            Self::Line(line) if *line < 0 => {
                format!("the {} line from the end", ordinal(line.unsigned_abs()))
            }
            Self::Line(line) => format!("the {} line it prints", ordinal(line.unsigned_abs())),
            Self::Json {
                document: None,
                path,
            } => format!("`{path}` in the JSON it prints"),
            Self::Json {
                document: Some(number),
                path,
            } => {
                let number = u64::try_from(*number).unwrap_or(u64::MAX);
                format!(
                    "`{path}` in the {} JSON document it prints",
                    ordinal(number)
                )
            }
            Self::Table(column) => format!("the column `{column}` of the table it prints"),
            Self::Duration => "the time it takes".to_owned(),
            Self::Service(service) => {
                let name = &service.name;
                match service.aspect {
                    Aspect::State => format!("the state of service `{name}`"),
                    Aspect::Exit => format!("the exit code of service `{name}`"),
                    Aspect::Health => format!("the health of service `{name}`"),
                    Aspect::Restarts => format!("the number of restarts of service `{name}`"),
                    Aspect::Logs => {
                        format!("what service `{name}` has logged since the block began")
                    }
                }
            }
            Self::Http(asked) => http(asked),
            Self::Metric(asked) => metric(asked),
            Self::Trace(asked) => trace(asked),
        }
    }
}

fn http(asked: &HttpSubject) -> String {
    let request = format!("`{} {}`", asked.method.name(), asked.url);
    match &asked.part {
        HttpPart::Status => format!("the status that labctl gets for {request}"),
        HttpPart::Header(name) => format!("the header `{name}` that labctl gets for {request}"),
        HttpPart::Body => format!("the body that labctl gets for {request}"),
        HttpPart::Json(path) => format!("`{path}` in the JSON that labctl gets for {request}"),
    }
}

fn metric(asked: &MetricSubject) -> String {
    let what = match &asked.expr {
        MetricExpr::Series(selector) => format!("the metric `{selector}`"),
        MetricExpr::Query(query) => format!("what Prometheus answers to `{query}`"),
    };
    if asked.is_delta {
        format!("the change of {what} since the block began")
    } else {
        what
    }
}

fn trace(asked: &TraceSubject) -> String {
    let TraceSubject { service, root, .. } = asked;
    let whole = match asked.index {
        None => format!("the trace `{root}` of `{service}`"),
        Some(-1) => format!("the last trace `{root}` of `{service}`"),
        Some(index) if index < 0 => {
            format!(
                "the {} trace from the end, `{root}` of `{service}`",
                ordinal(index.unsigned_abs())
            )
        }
        Some(index) => format!(
            "the {} trace `{root}` of `{service}`",
            ordinal(index.unsigned_abs())
        ),
    };
    match &asked.part {
        TracePart::Whole => whole,
        TracePart::Spans(name) => format!("the span `{name}` in {whole}"),
        TracePart::Gap(from, to) => {
            format!("the time from the end of `{from}` to the start of `{to}` in {whole}")
        }
        TracePart::Ratio(of, to) => {
            format!("how many times as long `{of}` takes as `{to}` in {whole}")
        }
        TracePart::Field(span, field) => {
            let of = match span {
                None => whole,
                Some(name) => format!("the span `{name}` in {whole}"),
            };
            match field {
                SpanField::Duration => format!("the time of {of}"),
                SpanField::Status => format!("the status of {of}"),
                SpanField::Kind => format!("the kind of {of}"),
                SpanField::Service => format!("the service of {of}"),
                SpanField::Parent => format!("the parent of {of}"),
                SpanField::Children => format!("the list of children of {of}"),
                SpanField::Links => format!("the list of links of {of}"),
                SpanField::Attributes => format!("the set of attributes of {of}"),
                SpanField::Attribute(name) => format!("the attribute `{name}` of {of}"),
            }
        }
    }
}

fn compared(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "",
        Comparison::NotEqual => "other than ",
        Comparison::Less => "less than ",
        Comparison::LessOrEqual => "at most ",
        Comparison::Greater => "more than ",
        Comparison::GreaterOrEqual => "at least ",
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Literal(json) => json.to_string(),
        Value::Duration(duration) => time(*duration),
        Value::Capture(name) => format!("what was kept as `{name}`"),
    }
}

fn time(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (1, n) if n != 11 => "st",
        (2, n) if n != 12 => "nd",
        (3, n) if n != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
