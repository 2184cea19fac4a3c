//! `trace SERVICE "ROOT" …`: reading it, and the values that it speaks of.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::{
    claim::{Comparison, Subject, Value},
    cursor::Cursor,
    judge,
    select::{NoSelection, Selected},
    words,
};
use crate::{
    Diagnostic, Runbook, Span, TraceObservation,
    traces::{RecordedSpan, SpanKind, SpanStatus, SpanTree, waterfall},
};

type Parsed<T> = Result<T, Diagnostic>;

/// `trace[N] SERVICE "ROOT" PART`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSubject {
    /// Which of several, from 1, from -1 at the end; `None`: all of them.
    pub index: Option<i64>,
    /// The service that has the root.
    pub service: String,
    /// The name of the span with which the service takes its work up: without a parent, or with one elsewhere.
    pub root: String,
    /// What of the spans below it.
    pub part: TracePart,
}

/// What is said of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TracePart {
    /// That it is there.
    Whole,
    /// `span "NAME"`: that they are there.
    Spans(String),
    /// `FIELD`, `span "NAME" FIELD`: of the root, or of the spans of this name below it.
    Field(Option<String>, SpanField),
    /// `gap "A" "B"`: seconds from the end of one span to the start of another.
    Gap(String, String),
    /// `ratio "A" "B"`: how many times as long as the other one of two spans took.
    Ratio(String, String),
}

/// What can be said of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanField {
    /// `duration`
    Duration,
    /// `status`: `unset`, `ok`, `error`.
    Status,
    /// `kind`: `server`, `client`, `internal`, `producer`, `consumer`.
    Kind,
    /// `service`: whose it is.
    Service,
    /// `parent`: the name of the span right above it, if that is known.
    Parent,
    /// `children`: the names of those right below it, in order of start.
    Children,
    /// `links`: the names of the spans it is linked to, their ids where they are not known.
    Links,
    /// `attributes`: the keys, in order.
    Attributes,
    /// `attribute KEY`: its value.
    Attribute(String),
}

const FIELDS: [(&str, SpanField); 8] = [
    ("duration", SpanField::Duration),
    ("status", SpanField::Status),
    ("kind", SpanField::Kind),
    ("service", SpanField::Service),
    ("parent", SpanField::Parent),
    ("children", SpanField::Children),
    ("links", SpanField::Links),
    ("attributes", SpanField::Attributes),
];

const PARTS: [&str; 12] = [
    "span",
    "duration",
    "status",
    "kind",
    "service",
    "parent",
    "children",
    "links",
    "attributes",
    "attribute",
    "gap",
    "ratio",
];

const EXAMPLE: &str = "`trace api \"POST /items\" span \"redis_set\" exists`";

/// `SERVICE "ROOT" PART`; the word `trace` has been read, and what stood in brackets behind it.
pub(super) fn subject(
    cursor: &mut Cursor<'_>,
    index: Option<(String, Span)>,
) -> Parsed<TraceSubject> {
    let index = match index {
        None => None,
        Some((text, span)) => match text.parse() {
            Ok(0) | Err(_) => {
                let message = format!("`{text}` is no trace's number");
                return Err(Diagnostic::error("bad-value", span, message)
                    .with_help("traces count from 1, and from -1 at the end"));
            }
            Ok(number) => Some(number),
        },
    };
    let service = service(cursor)?;
    let root = name(cursor, "the name of its first span is missing here")?;
    let part = part(cursor)?;
    Ok(TraceSubject {
        index,
        service,
        root,
        part,
    })
}

fn service(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    let is_name = !word.is_empty() && !word.contains(['"', '\'', '`']);
    if word.starts_with('"') {
        let is_alone = {
            let mut ahead = Cursor::new(cursor.rest(), 0);
            let _ = ahead.json("a name");
            !ahead.rest().starts_with('"')
        };
        if !is_alone {
            return quoted(cursor, "a service's name is missing here");
        }
    }
    if !is_name {
        return Err(
            Diagnostic::error("missing-word", span, "which service?").with_help(format!(
                "its `service.name` stands before the span's: {EXAMPLE}"
            )),
        );
    }
    cursor.word();
    Ok(word.to_owned())
}

/// A name in double quotes.
fn name(cursor: &mut Cursor<'_>, missing: &str) -> Parsed<String> {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    if word.starts_with('"') {
        return quoted(cursor, missing);
    }
    let is_missing = word.is_empty() || PARTS.contains(&word) || words::PREDICATES.contains(&word);
    Err(if is_missing {
        Diagnostic::error("missing-word", span, missing).with_help(format!("such as {EXAMPLE}"))
    } else {
        Diagnostic::error("bad-value", span, format!("`{word}` is no span's name"))
            .with_help("quote it, all of it: `\"GET /items/{item_id}\"`")
    })
}

fn quoted(cursor: &mut Cursor<'_>, missing: &str) -> Parsed<String> {
    let span = cursor.word_span();
    match cursor.json("a name")? {
        Json::String(name) if !name.is_empty() => Ok(name),
        _ => Err(Diagnostic::error("missing-word", span, missing)),
    }
}

fn part(cursor: &mut Cursor<'_>) -> Parsed<TracePart> {
    let word = cursor.peek_word();
    match word {
        "span" => {
            cursor.word();
            let name = name(cursor, "which span?")?;
            Ok(match field(cursor)? {
                Some(field) => TracePart::Field(Some(name), field),
                None => TracePart::Spans(name),
            })
        }
        "gap" | "ratio" => {
            cursor.word();
            let first = name(cursor, "which span?")?;
            let second = name(cursor, "which other span?")?;
            Ok(if word == "gap" {
                TracePart::Gap(first, second)
            } else {
                TracePart::Ratio(first, second)
            })
        }
        _ => Ok(match field(cursor)? {
            Some(field) => TracePart::Field(None, field),
            None => TracePart::Whole,
        }),
    }
}

/// What of a span; `None` where the predicate follows.
fn field(cursor: &mut Cursor<'_>) -> Parsed<Option<SpanField>> {
    let word = cursor.peek_word();
    let span = cursor.span(word.len());
    if let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == word) {
        cursor.word();
        return Ok(Some(field.clone()));
    }
    if word == "attribute" {
        cursor.word();
        let (key, at) = cursor.word();
        let key = key.trim_matches('"');
        if key.is_empty() || words::PREDICATES.contains(&key) {
            return Err(Diagnostic::error("missing-word", at, "which attribute?")
                .with_help("its key: `attribute cache.hit == true`"));
        }
        return Ok(Some(SpanField::Attribute(key.to_owned())));
    }
    let signs = word.trim_start_matches(['=', '!', '<', '>']);
    let is_predicate =
        word == "not" || words::PREDICATES.contains(&word) || signs.len() < word.len();
    if is_predicate || word.is_empty() {
        return Ok(None);
    }
    Err(words::unknown("what of the trace", word, span, &PARTS))
}

/// What each part cannot be.
pub(super) fn check_value(
    part: &TracePart,
    comparison: Comparison,
    value: &Value,
    sign: Span,
    span: Span,
) -> Parsed<()> {
    let Value::Literal(literal) = value else {
        return Ok(());
    };
    let refuse = |span, message: &str, help: String| {
        Err(Diagnostic::error("bad-claim", span, message).with_help(help))
    };
    let one_of = |what: &str, all: &[&str]| {
        if literal.as_str().is_some_and(|word| all.contains(&word)) {
            return Ok(());
        }
        let list: Vec<_> = all.iter().map(|word| format!("`\"{word}\"`")).collect();
        refuse(span, what, format!("one of {}", list.join(", ")))
    };
    match part {
        TracePart::Field(_, SpanField::Duration) | TracePart::Gap(..) => refuse(
            span,
            "a duration needs its unit",
            "such as `duration < 500ms`".to_owned(),
        ),
        TracePart::Ratio(..) if !literal.is_number() => {
            refuse(span, "a ratio is a number", "such as `> 1.5`".to_owned())
        }
        TracePart::Field(_, SpanField::Status) => {
            one_of("no span has this status", &words::names(&SpanStatus::ALL))
        }
        TracePart::Field(_, SpanField::Kind) => {
            one_of("no span is of this kind", &words::names(&SpanKind::ALL))
        }
        TracePart::Field(_, SpanField::Children | SpanField::Links | SpanField::Attributes)
            if !literal.is_array() =>
        {
            refuse(
                span,
                "it is an array of names",
                format!("`== [{literal}]` for all of them, `contains {literal}` for one"),
            )
        }
        TracePart::Field(_, SpanField::Service | SpanField::Parent) if !literal.is_string() => {
            refuse(span, "it is a name", "in double quotes".to_owned())
        }
        TracePart::Field(..) if comparison.is_order() && !literal.is_number() => refuse(
            sign,
            "only numbers have an order",
            "compare with a number, or use `==`".to_owned(),
        ),
        _ => Ok(()),
    }
}

pub(super) fn in_words(part: &TracePart) -> &'static str {
    match part {
        TracePart::Whole => "a trace",
        TracePart::Spans(_) => "a span",
        TracePart::Gap(..) => "a gap",
        TracePart::Ratio(..) => "a ratio",
        TracePart::Field(_, field) => match field {
            SpanField::Duration => "a duration",
            SpanField::Status => "a status",
            SpanField::Kind => "a kind",
            SpanField::Service => "a service",
            SpanField::Parent => "a parent",
            SpanField::Children => "children",
            SpanField::Links => "links",
            SpanField::Attributes => "attributes",
            SpanField::Attribute(_) => "an attribute",
        },
    }
}

impl TracePart {
    /// A length of time.
    pub(super) fn is_duration(&self) -> bool {
        matches!(self, Self::Field(_, SpanField::Duration) | Self::Gap(..))
    }

    /// A number, whatever was seen.
    pub(super) fn is_number(&self) -> bool {
        self.is_duration() || matches!(self, Self::Ratio(..))
    }

    /// Something that is there or not.
    pub(super) fn is_bare(&self) -> bool {
        matches!(self, Self::Whole | Self::Spans(_))
    }

    /// One of a few words.
    pub(super) fn is_one_of_few(&self) -> bool {
        matches!(self, Self::Field(_, SpanField::Status | SpanField::Kind))
    }
}

/// Whether no span fails it: none takes less than no time. A gap may be negative.
pub(super) fn holds_of_any_value(part: &TracePart) -> bool {
    matches!(
        part,
        TracePart::Field(_, SpanField::Duration) | TracePart::Ratio(..)
    )
}

/// Whether a block claims anything about traces.
pub fn asks_for_traces(runbook: &Runbook) -> bool {
    let blocks = runbook.blocks.iter();
    blocks
        .flat_map(|block| &block.expectations.statements)
        .any(|statement| matches!(statement.subject(), Subject::Trace(_)))
}

impl TraceSubject {
    /// The traces that are meant, in order of start, whatever their number: those that begin at `seen.since` or later.
    pub fn trees<'s>(&self, seen: &'s TraceObservation) -> Vec<SpanTree<'s>> {
        let spans = || seen.spans.iter().map(AsRef::as_ref);
        let services: std::collections::HashMap<(u128, u64), &str> = spans()
            .map(|span: &RecordedSpan| ((span.trace, span.id), span.service.as_str()))
            .collect();
        SpanTree::all(spans(), |span| {
            span.start >= seen.since
                && span.service == self.service
                && span.name == self.root
                && span.parent.is_none_or(|parent| {
                    services
                        .get(&(span.trace, parent))
                        .is_none_or(|service| *service != span.service)
                })
        })
    }

    fn chosen<'s>(&self, seen: &'s TraceObservation) -> Vec<SpanTree<'s>> {
        let mut trees = self.trees(seen);
        let Some(index) = self.index else {
            return trees;
        };
        let place = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        let at = if index > 0 {
            place.checked_sub(1)
        } else {
            trees.len().checked_sub(place)
        };
        match at {
            Some(at) if at < trees.len() => vec![trees.swap_remove(at)],
            _ => Vec::new(),
        }
    }
}

/// The values that are spoken of.
pub(super) fn select(
    subject: &TraceSubject,
    seen: &TraceObservation,
) -> Result<Selected, NoSelection> {
    if seen.lost > 0 {
        let why = format!(
            "{} spans came that labctl had no room for; these might have been among them",
            seen.lost
        );
        return Err(NoSelection::Unknown(why));
    }
    let trees = subject.chosen(seen);
    let certain = |why: String| Err(NoSelection::Certain(why));
    if trees.is_empty() {
        // That there is none is only known of a service that is heard.
        let is_heard = seen.services.contains(&subject.service);
        return match (&subject.part, is_heard) {
            (TracePart::Whole, true) => Ok(Selected::Json(Vec::new())),
            (_, true) => certain("there is no such trace".to_owned()),
            (_, false) => certain(format!("no span of `{}` has come", subject.service)),
        };
    }
    let roots = trees.iter().map(SpanTree::root);
    let values = match &subject.part {
        TracePart::Whole => roots.map(|root| root.name.as_str().into()).collect(),
        TracePart::Spans(name) => {
            let named = trees.iter().flat_map(|tree| tree.named(name));
            named.map(|span| span.name.as_str().into()).collect()
        }
        TracePart::Field(None, field) => {
            let of_roots = trees
                .iter()
                .filter_map(|tree| field.of(tree.root(), tree, seen));
            of_roots.collect()
        }
        TracePart::Field(Some(name), field) => {
            if !trees.iter().any(|tree| tree.named(name).next().is_some()) {
                return certain(format!("there is no span `{name}`"));
            }
            let of_spans = trees.iter().flat_map(|tree| {
                let named = tree.named(name);
                named.filter_map(|span| field.of(span, tree, seen))
            });
            of_spans.collect()
        }
        TracePart::Gap(first, second) => of_pairs(&trees, first, second, |first, second| {
            crate::traces::seconds_between(first.end, second.start)
        })?,
        TracePart::Ratio(first, second) => of_pairs(&trees, first, second, |first, second| {
            first.seconds() / second.seconds()
        })?,
    };
    Ok(Selected::Json(values))
}

/// What was seen instead, in one line.
pub(super) fn seen(part: &TracePart, value: &Json) -> String {
    let seconds = value.as_f64().unwrap_or_default();
    match part {
        TracePart::Field(_, SpanField::Duration) => format!("it took {seconds:.3} s"),
        TracePart::Gap(..) => format!("it is {seconds:.3} s"),
        TracePart::Ratio(..) => format!("it is {seconds:.2}"),
        _ => judge::got(value),
    }
}

/// A number for each tree that has both spans.
fn of_pairs(
    trees: &[SpanTree<'_>],
    first: &str,
    second: &str,
    number: impl Fn(&RecordedSpan, &RecordedSpan) -> f64,
) -> Result<Vec<Json>, NoSelection> {
    let mut values = Vec::new();
    let mut missing = None;
    for tree in trees {
        match (one(tree, first)?, one(tree, second)?) {
            (Some(first), Some(second)) => {
                values.push(crate::metrics::json(number(first, second)));
            }
            (None, _) => missing = Some(first),
            (_, None) => missing = Some(second),
        }
    }
    match missing {
        Some(name) if values.is_empty() => {
            Err(NoSelection::Certain(format!("there is no span `{name}`")))
        }
        _ => Ok(values),
    }
}

/// The only span of this name, the root among them.
fn one<'s>(tree: &SpanTree<'s>, name: &str) -> Result<Option<&'s RecordedSpan>, NoSelection> {
    let spans = tree.spans().iter().map(|(_, span)| *span);
    let named: Vec<_> = spans.filter(|span| span.name == name).collect();
    match named[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(NoSelection::Certain(format!(
            "there are {} spans `{name}` in one trace",
            named.len()
        ))),
    }
}

impl SpanField {
    /// Its value, if the span has it.
    fn of(
        &self,
        span: &RecordedSpan,
        tree: &SpanTree<'_>,
        seen: &TraceObservation,
    ) -> Option<Json> {
        let by_id = |trace: u128, id: u64| {
            let mut spans = seen.spans.iter();
            spans.find(|span| (span.trace, span.id) == (trace, id))
        };
        let names = |names: Vec<String>| Some(Json::from(names));
        match self {
            Self::Duration => Some(crate::metrics::json(span.seconds())),
            Self::Status => Some(span.status.word().into()),
            Self::Kind => Some(span.kind.word().into()),
            Self::Service => Some(span.service.as_str().into()),
            Self::Parent => {
                let parent = span.parent?;
                let known = tree.by_id(parent).map(|span| span.name.clone());
                let known = known.or_else(|| Some(by_id(span.trace, parent)?.name.clone()));
                known.map(Json::from)
            }
            Self::Children => names(tree.children(span).map(|span| span.name.clone()).collect()),
            Self::Links => {
                let linked = span
                    .links
                    .iter()
                    .map(|&(trace, id)| match by_id(trace, id) {
                        Some(span) => span.name.clone(),
                        None => format!("{trace:032x}/{id:016x}"),
                    });
                names(linked.collect())
            }
            Self::Attributes => {
                let keys = span.attributes.iter().map(|(key, _)| key.clone());
                names(keys.collect())
            }
            Self::Attribute(key) => span.attribute(key).cloned(),
        }
    }
}

/// What there was, drawn; where there was no such trace, what came instead.
pub(super) fn choice(subject: &TraceSubject, seen: &TraceObservation) -> String {
    const SHOWN: usize = 2;
    let trees = subject.trees(seen);
    if trees.is_empty() {
        return others(subject, seen);
    }
    let mut text = String::new();
    for tree in trees.iter().take(SHOWN) {
        text.push('\n');
        text.push_str(&waterfall(tree));
    }
    if trees.len() > SHOWN {
        let _ = write!(text, "\n… {} traces in all", trees.len());
    }
    text
}

/// The work that services took up since the block began.
fn others(subject: &TraceSubject, seen: &TraceObservation) -> String {
    const SHOWN: usize = 6;
    if seen.services.is_empty() {
        return "; no span has come at all: do the services send them to `OTEL_EXPORTER_OTLP_ENDPOINT`, \
             as the blocks' environment has it?"
            .to_owned();
    }
    let is_root = |span: &&RecordedSpan| {
        span.start >= seen.since && (span.parent.is_none() || span.kind == SpanKind::Server)
    };
    let spans = seen.spans.iter().map(AsRef::as_ref);
    let mut counted: Vec<(String, usize)> = Vec::new();
    for span in spans.filter(is_root) {
        let what = format!("{} {}", span.service, Json::from(span.name.as_str()));
        match counted.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => counted.push((what, 1)),
        }
    }
    let list = |items: Vec<String>| items.join(", ");
    if counted.is_empty() {
        let services = seen.services.iter().cloned().collect();
        return format!(
            "; none has begun since the block did, of any service; before that there were spans of {}",
            list(services)
        );
    }
    let more = counted.len().saturating_sub(SHOWN);
    let mut shown: Vec<_> = counted
        .into_iter()
        .take(SHOWN)
        .map(|(what, count)| format!("{what} ({count})"))
        .collect();
    if more > 0 {
        shown.push(format!("… {more} more"));
    }
    let hint = match crate::nearest_word(&subject.service, seen.services.iter().map(String::as_str))
    {
        Some(near) if near != subject.service => format!("; is it `{near}`?"),
        _ => String::new(),
    };
    format!("; there was {}{hint}", list(shown))
}
