//! From the lines of a comment to expectations.

use std::time::Duration;

use regex::RegexBuilder;

use super::{
    claim::{
        Aspect, Capture, Claim, Expectations, Predicate, Quantifier, Statement, Subject, TypeName,
        Value,
    },
    cursor::Cursor,
    directive, fit, http,
    http::HttpPart,
    metric, service, trace, vacuous, words,
};
use crate::{Diagnostic, Span};

type Parsed<T> = Result<T, Diagnostic>;

/// A regular expression that compiles to more than this is refused.
const REGEX_BYTES: usize = 1 << 20;

/// 2^64: from here on a number is kept as a double only.
const MOST_EXACT: f64 = 18_446_744_073_709_551_616.0;

/// Reads the lines of a block's comments, one claim or directive each. `lines`: where each stands in `source`, without
/// what a list or quote puts before it. Every line that is wrong gives one diagnostic; the others count.
pub fn parse(source: &str, lines: &[Span]) -> (Expectations, Vec<Diagnostic>) {
    let mut expectations = Expectations::default();
    let mut diagnostics = Vec::new();
    for &line in lines {
        let text = source[line.range()].trim_end();
        if text.trim_start().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let mut cursor = Cursor::new(text, line.start());
        if let Err(diagnostic) = statement(&mut cursor, &mut expectations) {
            diagnostics.push(diagnostic);
        }
    }
    diagnostics.extend(directive::contradictions(&expectations));
    (expectations, diagnostics)
}

fn statement(cursor: &mut Cursor<'_>, expectations: &mut Expectations) -> Parsed<()> {
    let word = cursor.peek_name();
    if words::DIRECTIVES.contains(&word) {
        return directive::directive(cursor, expectations);
    }
    let claim = claim(cursor)?;
    expectations.statements.push(Statement::Claim(claim));
    Ok(())
}

/// `[all|any|none] subject [not] predicate [value] [± number] [# why]`
pub(super) fn claim(cursor: &mut Cursor<'_>) -> Parsed<Claim> {
    cursor.skip_blanks();
    let from = cursor.position();
    let quantifier_at = cursor.word_span();
    let quantifier = match cursor.peek_name() {
        "all" => Some(Quantifier::All),
        "any" => Some(Quantifier::Any),
        "none" => Some(Quantifier::None),
        _ => None,
    };
    if quantifier.is_some() {
        cursor.word();
    }
    let subject = subject(cursor)?;
    if quantifier.is_some() && !subject.may_be_several() {
        return Err(
            Diagnostic::error("bad-claim", quantifier_at, "there is only one of it").with_help(
                "`all`, `any` and `none` are for `json`, `table`, `header`, `metric` and `trace`",
            ),
        );
    }
    let is_negated = cursor.eat_word("not");
    let predicate = predicate(cursor, &subject)?;
    if let Some(quantifier) = quantifier {
        check_quantifier(quantifier, is_negated, &predicate).map_err(|(message, help)| {
            Diagnostic::error("bad-claim", quantifier_at, message).with_help(help)
        })?;
    }
    let within = match cursor.peek_word() {
        "within" => Some(within(cursor, &subject)?),
        _ => None,
    };
    let text = cursor.text_so_far()[from..].trim().to_owned();
    let span = cursor.span_from(from);
    let why = cursor.end()?;
    let claim = Claim {
        quantifier,
        subject,
        is_negated,
        predicate,
        within,
        why,
        text,
        span,
    };
    check_awaited(&claim)?;
    Ok(claim)
}

/// `within D`, for what labctl asks itself.
fn within(cursor: &mut Cursor<'_>, subject: &Subject) -> Parsed<Duration> {
    if !subject.is_asked() {
        return Err(Diagnostic::error(
            "bad-claim",
            cursor.span("within".len()),
            "`within` is for what labctl asks again itself",
        )
        .with_help("to run the block again until this holds, write `retry 10 every 500ms`"));
    }
    http::check_awaited(subject, cursor.span("within".len()))?;
    cursor.word();
    Ok(cursor.duration()?.0)
}

/// Lines are only added to a log: what holds of an empty one would be asked too early, and never again.
fn check_awaited(claim: &Claim) -> Parsed<()> {
    let is_of_logs =
        matches!(&claim.subject, Subject::Service(service) if service.aspect == Aspect::Logs);
    if claim.within.is_some() && is_of_logs && vacuous::holds_of_nothing(claim) {
        let message = "this holds before anything is logged, so waiting for it proves nothing";
        return Err(
            Diagnostic::error("bad-claim", claim.span, message).with_help(
                "leave out the `within`, or await a line: `logs contains \"…\" within 5s`",
            ),
        );
    }
    Ok(())
}

/// `count` speaks of all, and nothing is there for `not exists` to be said of each.
fn check_quantifier(
    quantifier: Quantifier,
    is_negated: bool,
    predicate: &Predicate,
) -> Result<(), (&'static str, &'static str)> {
    match predicate {
        Predicate::Count(..) => Err((
            "`count` speaks of all of them already",
            "leave out `all`, `any` or `none`",
        )),
        Predicate::Exists if is_negated || quantifier == Quantifier::None => Err((
            "what is not there can be none of several",
            "write `not exists`, without `all`, `any` or `none`",
        )),
        _ => Ok(()),
    }
}

/// `capture NAME = subject…`; the word itself has been read.
pub(super) fn capture(cursor: &mut Cursor<'_>, from: usize) -> Parsed<Capture> {
    let name = cursor.peek_name().to_owned();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err(Diagnostic::error(
            "bad-value",
            cursor.span(name.len()),
            format!("`{name}` is not a name"),
        )
        .with_help("letters, digits and `_`: `capture before = json $.count`"));
    }
    cursor.eat(&name);
    if !cursor.eat("=") {
        return Err(
            Diagnostic::error("missing-word", cursor.word_span(), "`=` is missing here")
                .with_help("`capture before = json $.count`"),
        );
    }
    let subject = subject(cursor)?;
    let text = cursor.text_so_far()[from..].trim().to_owned();
    let span = cursor.span_from(from);
    cursor.end()?;
    Ok(Capture {
        name,
        subject,
        text,
        span,
    })
}

fn subject(cursor: &mut Cursor<'_>) -> Parsed<Subject> {
    let word = cursor.peek_name();
    let span = cursor.span(word.len());
    if word.starts_with('$') {
        let message = format!("unknown word `{word}`");
        return Err(Diagnostic::error("unknown-word", span, message)
            .with_help(format!("a path comes after `json`: `json {word}`")));
    }
    if !words::SUBJECTS.contains(&word) {
        let valid: Vec<_> = [
            &words::SUBJECTS[..],
            &words::DIRECTIVES,
            &words::QUANTIFIERS,
        ]
        .concat();
        return Err(words::unknown(
            "a subject or a directive",
            word,
            span,
            &valid,
        ));
    }
    cursor.eat(word);
    let index = cursor.brackets()?;
    match (word, index) {
        ("exit", None) => Ok(Subject::Exit),
        ("stdout", None) => Ok(Subject::Stdout),
        ("stderr", None) => Ok(Subject::Stderr),
        ("duration", None) => Ok(Subject::Duration),
        ("line", Some((text, span))) => match text.parse() {
            Ok(0) | Err(_) => {
                Err(
                    Diagnostic::error("bad-value", span, format!("`{text}` is no line's number"))
                        .with_help("lines count from 1, and from -1 at the end"),
                )
            }
            Ok(number) => Ok(Subject::Line(number)),
        },
        ("line", None) => Err(Diagnostic::error("missing-word", span, "which line?")
            .with_help("`line[1]` is the first, `line[-1]` the last")),
        ("table", Some((text, _))) if !text.is_empty() => Ok(Subject::Table(text)),
        ("table", _) => Err(Diagnostic::error("missing-word", span, "which column?")
            .with_help("name its header: `table[STATUS]`")),
        ("json", index) => {
            let document = match index {
                None => None,
                Some((text, span)) => Some(
                    text.parse()
                        .ok()
                        .filter(|number| *number > 0)
                        .ok_or_else(|| {
                            Diagnostic::error(
                                "bad-value",
                                span,
                                format!("`{text}` is no document's number"),
                            )
                            .with_help("JSON documents count from 1")
                        })?,
                ),
            };
            Ok(Subject::Json {
                document,
                path: cursor.path()?,
            })
        }
        ("service", None) => Ok(Subject::Service(service::subject(cursor)?)),
        ("http", None) => Ok(Subject::Http(http::subject(cursor)?)),
        ("trace", index) => Ok(Subject::Trace(trace::subject(cursor, index)?)),
        ("metric", None) => Ok(Subject::Metric(metric::subject(cursor)?)),
        (word, Some((_, span))) => {
            Err(
                Diagnostic::error("bad-claim", span, format!("there is only one `{word}`"))
                    .with_help("leave out the `[…]`"),
            )
        }
        (word, None) => Err(words::unknown("a subject", word, span, &words::SUBJECTS)),
    }
}

fn predicate(cursor: &mut Cursor<'_>, subject: &Subject) -> Parsed<Predicate> {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    // `==1` without a blank is read as `==`.
    let signs = &word[..word
        .find(|sign| !"=!<>".contains(sign))
        .unwrap_or(word.len())];
    if let Some(comparison) = words::find(&words::COMPARISONS, signs) {
        if let Some(help) = subject.bare_trace() {
            let message = format!("{} is not compared", subject.in_words());
            return Err(Diagnostic::error("bad-claim", span, message).with_help(help));
        }
        cursor.eat(signs);
        return compare(cursor, subject, comparison, span);
    }
    if matches!(signs, "=" | "===") {
        let sign = cursor.span(signs.len());
        let error = words::unknown("a predicate", signs, sign, &words::PREDICATES);
        return Err(error.with_help("did you mean `==`?"));
    }
    let refused = |help: &str| {
        Err(Diagnostic::error(
            "bad-claim",
            span,
            format!("`{word}` says nothing of {}", subject.in_words()),
        )
        .with_help(help))
    };
    if let Some(what) = subject.bare_trace()
        && !matches!(word, "exists" | "count")
        && words::PREDICATES.contains(&word)
    {
        return refused(what);
    }
    let is_number = subject.is_number();
    let is_word = subject.is_one_of_few();
    match word {
        "contains" | "matches" | "is" | "exists" | "count" if is_word => {
            refused("compare it: `==` or `!=`")
        }
        "contains" | "matches" if is_number => {
            refused("compare it: `==`, `!=`, `<`, `<=`, `>`, `>=`")
        }
        "contains" => {
            cursor.word();
            Ok(Predicate::Contains(value(cursor, subject)?))
        }
        "matches" => {
            cursor.word();
            let (pattern, span) = cursor.regex()?;
            let regex = RegexBuilder::new(&pattern)
                .multi_line(true)
                .size_limit(REGEX_BYTES)
                .build();
            regex.map(Predicate::Matches).map_err(|error| {
                let why = error.to_string();
                let why = why
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned();
                Diagnostic::error(
                    "bad-regex",
                    span,
                    format!("not a regular expression: {why}"),
                )
            })
        }
        "is" if is_number => refused("compare it: `==`, `!=`, `<`, `<=`, `>`, `>=`"),
        "is" => of_type(cursor, subject),
        "exists" | "count" if subject.is_delta() => {
            refused("claim that of the metric, without `delta`")
        }
        "exists" if is_number && !subject.is_metric() => refused("it is always there"),
        "exists" => {
            cursor.word();
            Ok(Predicate::Exists)
        }
        "count" if is_number && !subject.is_metric() => refused("it is one number"),
        "count" => count(cursor),
        _ => Err(words::unknown(
            "a predicate",
            word,
            span,
            &words::PREDICATES,
        )),
    }
}

fn of_type(cursor: &mut Cursor<'_>, subject: &Subject) -> Parsed<Predicate> {
    cursor.word();
    let name = cursor.peek_name();
    let span = cursor.span(name.len());
    if name == "not" {
        let message = "`not` stands before the predicate";
        let meant = match cursor.rest()[name.len()..].trim() {
            "" => "…",
            meant => meant,
        };
        let error = Diagnostic::error("unknown-word", span, message);
        return Err(error.with_help(format!("write `not is {meant}`")));
    }
    let Some(of_type) = words::find(&words::TYPES, name) else {
        return Err(words::unknown(
            "a type",
            name,
            span,
            &words::names(&words::TYPES),
        ));
    };
    cursor.word();
    let is_text = !subject.is_json();
    let is_of_json = matches!(
        of_type,
        TypeName::Boolean | TypeName::Null | TypeName::Array | TypeName::Object
    );
    if is_text && is_of_json {
        return Err(Diagnostic::error(
            "bad-claim",
            span,
            format!("{} is text, never of that type", subject.in_words()),
        )
        .with_help("`json $ is object` speaks of JSON in standard output"));
    }
    Ok(Predicate::Is(of_type))
}

fn count(cursor: &mut Cursor<'_>) -> Parsed<Predicate> {
    cursor.word();
    let sign = cursor.peek_word();
    let span = cursor.span(sign.len());
    let Some(comparison) = words::find(&words::COMPARISONS, sign) else {
        return Err(words::unknown(
            "a comparison",
            sign,
            span,
            &words::names(&words::COMPARISONS),
        ));
    };
    cursor.word();
    Ok(Predicate::Count(
        comparison,
        cursor.number("a whole number")?,
    ))
}

fn compare(
    cursor: &mut Cursor<'_>,
    subject: &Subject,
    comparison: super::Comparison,
    sign: Span,
) -> Parsed<Predicate> {
    cursor.skip_blanks();
    let value_at = cursor.position();
    let value = value(cursor, subject)?;
    let span = cursor.span_from(value_at);
    let is_order = comparison.is_order();
    fit::check(subject, comparison, &value, sign, span)?;
    let refuse = |span, message: String, help: &str| {
        Err(Diagnostic::error("bad-claim", span, message).with_help(help))
    };
    let mut tolerance = None;
    if cursor.eat("±") || cursor.eat("+-") {
        cursor.skip_blanks();
        let at = cursor.position();
        if subject.is_code() {
            return refuse(
                cursor.span(0),
                format!(
                    "{} next to each other mean different things",
                    if subject.is_status() {
                        "statuses"
                    } else {
                        "exit codes"
                    }
                ),
                "leave out the `±`",
            );
        }
        if !matches!(&value, Value::Literal(literal) if literal.is_number())
            && !matches!(value, Value::Capture(_))
        {
            return refuse(
                cursor.span(0),
                "`±` goes with a number".to_owned(),
                "such as `json $.price == 29.99 ± 0.01`",
            );
        }
        let number: f64 = cursor.number("a number")?;
        if !(number.is_finite() && number >= 0.0) || is_order {
            return refuse(
                cursor.span_from(at),
                "`±` is a distance for `==` and `!=`".to_owned(),
                "such as `± 0.01`",
            );
        }
        tolerance = Some(number);
    }
    Ok(Predicate::Compare(comparison, value, tolerance))
}

fn value(cursor: &mut Cursor<'_>, subject: &Subject) -> Parsed<Value> {
    let word = cursor.peek_word();
    if let Some(name) = word.strip_prefix('$') {
        let name = name.to_owned();
        cursor.word();
        return Ok(Value::Capture(name));
    }
    let begins_with_digit = word.starts_with(|first: char| first.is_ascii_digit());
    if subject.is_duration() && begins_with_digit && word.parse::<f64>().is_err() {
        return Ok(Value::Duration(cursor.duration()?.0));
    }
    let span = cursor.word_span();
    let literal = cursor.json("a value")?;
    // Two whole numbers beyond 64 bits would be rounded, and equal when they are not.
    let is_rounded = literal
        .as_f64()
        .is_some_and(|number| number.abs() > MOST_EXACT)
        && !literal.is_i64()
        && !literal.is_u64();
    if is_rounded {
        let message = "a number so large is not compared exactly";
        return Err(Diagnostic::error("bad-value", span, message)
            .with_help("compare it as text: `stdout contains \"…\"`"));
    }
    Ok(Value::Literal(literal))
}

impl Subject {
    /// As an error names it.
    pub(super) fn in_words(&self) -> &'static str {
        match self {
            Self::Exit => "an exit code",
            Self::Stdout => "standard output",
            Self::Stderr => "standard error",
            Self::Line(_) => "a line",
            Self::Json { .. } => "JSON",
            Self::Table(_) => "a table's cell",
            Self::Duration => "a duration",
            Self::Service(service) => match service.aspect {
                Aspect::State => "a service's state",
                Aspect::Exit => "an exit code",
                Aspect::Health => "a service's health",
                Aspect::Restarts => "a number of restarts",
                Aspect::Logs => "a service's log",
            },
            Self::Http(asked) => http::in_words(&asked.part),
            Self::Metric(metric) if metric.is_delta => "a change",
            Self::Metric(_) => "a metric",
            Self::Trace(trace) => trace::in_words(&trace.part),
        }
    }

    /// A number that stands for something: another one near it means another thing.
    fn is_code(&self) -> bool {
        matches!(self, Self::Exit) || self.is_service(&[Aspect::Exit]) || self.is_status()
    }

    fn is_status(&self) -> bool {
        matches!(self, Self::Http(asked) if asked.part == HttpPart::Status)
    }

    fn is_metric(&self) -> bool {
        matches!(self, Self::Metric(_))
    }

    fn is_delta(&self) -> bool {
        matches!(self, Self::Metric(metric) if metric.is_delta)
    }

    /// What to say of a trace or span of which nothing is said but that it is.
    fn bare_trace(&self) -> Option<&'static str> {
        let is_bare = matches!(self, Self::Trace(trace) if trace.part.is_bare());
        is_bare.then_some(
            "say what of it: `exists`, `count == 1`, `duration < 50ms`, `children == [\"db_read\"]`",
        )
    }

    fn is_duration(&self) -> bool {
        match self {
            Self::Duration => true,
            Self::Trace(trace) => trace.part.is_duration(),
            _ => false,
        }
    }

    pub(super) fn is_json(&self) -> bool {
        match self {
            Self::Json { .. } => true,
            Self::Trace(trace) => !trace.part.is_number(),
            Self::Http(asked) => matches!(asked.part, HttpPart::Json(_)),
            _ => false,
        }
    }

    fn may_be_several(&self) -> bool {
        match self {
            Self::Table(_) | Self::Metric(_) | Self::Trace(_) => true,
            Self::Http(asked) => matches!(asked.part, HttpPart::Json(_) | HttpPart::Header(_)),
            _ => self.is_json(),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Exit | Self::Duration)
            || self.is_service(&[Aspect::Exit, Aspect::Restarts])
            || self.is_status()
            || self.is_metric()
            || matches!(self, Self::Trace(trace) if trace.part.is_number())
    }

    fn is_one_of_few(&self) -> bool {
        self.is_service(&[Aspect::State, Aspect::Health])
            || matches!(self, Self::Trace(trace) if trace.part.is_one_of_few())
    }

    pub(super) fn is_service(&self, aspects: &[Aspect]) -> bool {
        matches!(self, Self::Service(service) if aspects.contains(&service.aspect))
    }
}
