//! What a claim is made of.
//!
//! ```text
//! claim     = [ all | any | none ]  subject  [ not ] predicate [ value ] [ ± number ] [ within DURATION ]  [ # why ]
//! subject   = exit | stdout | stderr | line[n] | json[n] PATH | table[col] | duration
//!           | service NAME (state | exit | health | restarts | logs)
//!           | http METHOD URL (status | header NAME | body | json PATH)
//!           | metric (SERIES | "PROMQL") [delta]
//!           | trace[n] SERVICE "ROOT" [span "NAME"] [FIELD] | trace[n] SERVICE "ROOT" (gap | ratio) "A" "B"
//! predicate = == != < <= > >= | contains | matches /re/ | is TYPE | exists | count OP n
//! directive = capture NAME = subject… | timeout D | until claim | retry N every D | redact KIND [in PATH]
//!           | snapshot off|stdout|stderr | skip "why" | needs BLOCK | role start|cleanup|on-demand
//! ```

use std::{fmt, time::Duration};

use super::{
    directive::parse_redaction,
    http::HttpSubject,
    metric::MetricSubject,
    trace::TraceSubject,
    words::{REDACTIONS, name_of},
};
use crate::Span;

/// All that the comments below one block say.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// Claims and captures, in order.
    pub statements: Vec<Statement>,
    /// `timeout D`.
    pub timeout: Option<Duration>,
    /// `until claim`: the block is stopped as soon as it holds; its exit is not judged.
    pub until: Option<Claim>,
    /// `retry N every D`.
    pub retry: Option<Retry>,
    /// `redact …`, in order.
    pub redactions: Vec<Redaction>,
    /// `snapshot …`; several may be given (`stdout` and `stderr`).
    pub snapshot: SnapshotMode,
    /// `skip "why"`.
    pub skip: Option<String>,
    /// `needs BLOCK`, each with its place.
    pub needs: Vec<(String, Span)>,
    /// `role …`.
    pub role: Option<Role>,
}

impl Expectations {
    /// Whether they ask for anything to be judged.
    pub fn ask_anything(&self) -> bool {
        !self.statements.is_empty() || self.until.is_some() || self.snapshot.is_on()
    }
}

/// A line that is judged in order.
#[derive(Debug, Clone)]
pub enum Statement {
    /// Something that must hold.
    Claim(Claim),
    /// A value to keep.
    Capture(Capture),
}

impl Statement {
    /// Of what it speaks.
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Claim(claim) => &claim.subject,
            Self::Capture(capture) => &capture.subject,
        }
    }

    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Self::Claim(claim) => claim.span,
            Self::Capture(capture) => capture.span,
        }
    }
}

/// Something that must hold of an observation.
#[derive(Debug, Clone)]
pub struct Claim {
    /// `all`, `any` or `none` of several nodes; `None`: exactly one node.
    pub quantifier: Option<Quantifier>,
    /// Of what.
    pub subject: Subject,
    /// `not` before the predicate.
    pub is_negated: bool,
    /// What must hold of it.
    pub predicate: Predicate,
    /// `within D`: labctl asks again until it holds or this is over, counted from the block's end.
    pub within: Option<Duration>,
    /// The text after `#`.
    pub why: Option<String>,
    /// The line as written, without the why.
    pub text: String,
    /// Where the line stands in the document.
    pub span: Span,
}

/// A value to keep under a name.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The name, `[A-Za-z_][A-Za-z0-9_]*`.
    pub name: String,
    /// Of what.
    pub subject: Subject,
    /// The line as written.
    pub text: String,
    /// Where the line stands in the document.
    pub span: Span,
}

/// How many of several nodes the predicate must hold of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// Every one, and there is at least one.
    All,
    /// At least one.
    Any,
    /// Not one.
    None,
}

/// What a claim speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The exit code, 128 + n by signal.
    Exit,
    /// Standard output, its last newline cut.
    Stdout,
    /// Standard error, its last newline cut.
    Stderr,
    /// `line[n]` of standard output, from 1; negative from the end.
    Line(i64),
    /// `json[n] PATH`: the n-th JSON document in standard output (from 1), and a JSONPath into it.
    Json {
        /// Which document; `None`: the only one.
        document: Option<usize>,
        /// A JSONPath that parses.
        path: String,
    },
    /// `table[col]`: the cells under that header in standard output.
    Table(String),
    /// How long the block took.
    Duration,
    /// `service NAME …`: what labctl sees of a service when it asks.
    Service(ServiceSubject),
    /// `http METHOD URL …`: what labctl is answered when it asks.
    Http(HttpSubject),
    /// `metric …`: values of metrics, or how they have changed.
    Metric(MetricSubject),
    /// `trace …`: spans that services sent to labctl.
    Trace(TraceSubject),
}

impl Subject {
    /// Whether labctl itself asks, when the block has ended; else the block's own output answers.
    pub fn is_asked(&self) -> bool {
        matches!(
            self,
            Self::Service(_) | Self::Http(_) | Self::Metric(_) | Self::Trace(_)
        )
    }
}

/// `service NAME ASPECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSubject {
    /// The Compose service, or its container's name.
    pub name: String,
    /// Where the name stands in the document.
    pub span: Span,
    /// What of it.
    pub aspect: Aspect,
}

/// What can be said of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// `state`: `running`, `exited` …, `not created` without a container.
    State,
    /// `exit`: the exit code of a container that has ended.
    Exit,
    /// `health`: what its health check says.
    Health,
    /// `restarts`: how often the engine has restarted its container.
    Restarts,
    /// `logs`: what it has logged since the block began.
    Logs,
}

/// What must hold of a subject.
#[derive(Debug, Clone)]
pub enum Predicate {
    /// `== != < <= > >=` a value, within a tolerance (`± number`).
    Compare(Comparison, Value, Option<f64>),
    /// The text contains this text; an array, this element; an object, this key.
    Contains(Value),
    /// The text matches.
    Matches(regex::Regex),
    /// It is of this type.
    Is(TypeName),
    /// It is there.
    Exists,
    /// The number of nodes, lines or cells compares so.
    Count(Comparison, u64),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The right-hand side.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A JSON literal: string, number, true, false, null, array, object.
    Literal(serde_json::Value),
    /// A duration such as `250ms`.
    Duration(Duration),
    /// `$name`: a captured value.
    Capture(String),
}

/// Types for `is`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeName {
    /// JSON string.
    String,
    /// JSON number.
    Number,
    /// JSON number without a fraction.
    Integer,
    /// JSON boolean.
    Boolean,
    /// JSON null.
    Null,
    /// JSON array.
    Array,
    /// JSON object.
    Object,
    /// A UUID as text.
    Uuid,
    /// A date and time as text.
    Timestamp,
    /// A duration as text or the duration itself.
    Duration,
    /// Text with nothing in it, an empty array or object.
    Empty,
}

/// `retry N every D`: the block may be run up to `attempts` times in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least 2.
    pub attempts: u32,
    /// Pause between the end of one and the start of the next.
    pub every: Duration,
}

/// `redact KIND [in PATH]`: volatile text that is checked for its kind, then hidden in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// What it is.
    pub kind: RedactionKind,
    /// Only the values at this JSONPath (then every one of them must be of the kind); `None`: anywhere in the text.
    pub path: Option<String>,
    /// Where the line stands in the document.
    pub span: Span,
}

impl Redaction {
    /// Reads what stands after `redact`.
    ///
    /// # Errors
    /// It is none, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        // It stands in no document.
        parse_redaction(text, Span::new(0, 0)).map_err(|wrong| match wrong.help {
            Some(help) => format!("{}; {help}", wrong.message),
            None => wrong.message,
        })
    }
}

/// As it stands after `redact`.
impl fmt::Display for Redaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(name_of(&REDACTIONS, &self.kind))?;
        match &self.path {
            Some(path) => write!(formatter, " in {path}"),
            None => Ok(()),
        }
    }
}

/// What a redaction hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RedactionKind {
    /// `uuid`
    Uuid,
    /// `timestamp`: RFC 3339, with or without offset or fraction; also the dates common tools print.
    Timestamp,
    /// `duration`: a number with a unit of time.
    Duration,
    /// `size`: a number with a unit of bytes.
    Size,
    /// `port`: 1–65535 after a colon.
    Port,
    /// `container-id`: 12 or 64 hexadecimal digits.
    ContainerId,
    /// `hex-id`: 16 or 32 hexadecimal digits or more.
    HexId,
    /// `number`: at a JSON path only.
    Number,
}

/// What of a block is compared with its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SnapshotMode {
    /// Nothing was said: off, unless a snapshot exists.
    #[default]
    Unsaid,
    /// `snapshot off`
    Off,
    /// `snapshot stdout`
    Stdout,
    /// `snapshot stderr`
    Stderr,
    /// both lines
    Both,
}

impl SnapshotMode {
    /// Whether a snapshot is asked for.
    pub fn is_on(self) -> bool {
        matches!(self, Self::Stdout | Self::Stderr | Self::Both)
    }
}

/// What a block is for, said by its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Brings the lab up.
    Start,
    /// Takes it down.
    Cleanup,
    /// Played only when asked for.
    OnDemand,
}
