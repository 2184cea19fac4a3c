//! The spans that came, within limits, and what can be told of those that did not stay.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use labctl_runbook::{
    TraceObservation,
    expect::TraceSubject,
    traces::{RecordedSpan, SpanKind},
};
use serde_json::Value as Json;
use tokio::time::Instant;

/// What is kept of spans, in bytes of memory, roughly.
const MOST_BYTES: usize = 64 << 20;

/// What is kept of one trace: the rest of a longer one is counted as lost.
const MOST_BYTES_OF_TRACE: usize = MOST_BYTES / 4;

/// Services that are remembered by name.
const MOST_SERVICES: usize = 256;

/// Roots that are shown where the one asked for is not there.
const MOST_OTHERS: usize = 500;

/// How long no span has to come before those that came are taken for all: at least, at most.
const LEAST_QUIET: Duration = Duration::from_millis(500);
const MOST_QUIET: Duration = Duration::from_secs(10);

/// The spans that came.
#[derive(Debug)]
pub struct TraceStore {
    held: Mutex<Held>,
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct Held {
    traces: HashMap<u128, Trace>,
    /// In the order their first spans came.
    order: VecDeque<u128>,
    bytes: usize,
    services: BTreeSet<String>,
    lost: u64,
    /// The latest start of a span that was lost.
    lost_until: u64,
    /// From a span's end until it came, at most so far.
    longest_lag: Duration,
}

#[derive(Debug)]
struct Trace {
    spans: Vec<Arc<RecordedSpan>>,
    ids: HashSet<u64>,
    bytes: usize,
    last_came: Instant,
}

/// What there is for a claim.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) seen: TraceObservation,
    /// When the last span of a trace that is meant came; `None`: there is no such trace.
    pub(crate) last_came: Option<Instant>,
    /// How long no span has to come before those that came are taken for all.
    pub(crate) quiet: Duration,
}

impl Default for TraceStore {
    fn default() -> Self {
        Self {
            held: Mutex::default(),
            most_bytes: MOST_BYTES,
        }
    }
}

impl TraceStore {
    #[cfg(test)]
    pub(super) fn of_bytes(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            ..Self::default()
        }
    }

    /// Takes spans that have just come. One that came before, as exporters send again what they doubt of, is left out.
    pub(crate) fn take(&self, spans: Vec<RecordedSpan>) {
        let now = nanoseconds(SystemTime::now());
        let mut held = self.lock();
        for span in spans {
            let lag = Duration::from_nanos(now.saturating_sub(span.end));
            held.longest_lag = held.longest_lag.max(lag.min(MOST_QUIET));
            held.take(span, self.most_bytes);
        }
    }

    /// The traces that `subject` may mean of those that began at `since` or later, and the spans they are linked to;
    /// where there are none, what began instead.
    pub(crate) fn find(&self, subject: &TraceSubject, since: SystemTime) -> Found {
        let held = self.lock();
        let since = nanoseconds(since);
        let is_meant = |span: &Arc<RecordedSpan>| {
            span.start >= since && span.service == subject.service && span.name == subject.root
        };
        let meant = held
            .traces
            .values()
            .filter(|trace| trace.spans.iter().any(is_meant));
        let mut last_came = None;
        let mut spans = Vec::new();
        for trace in meant {
            last_came = last_came.max(Some(trace.last_came));
            spans.extend(trace.spans.iter().cloned());
        }
        if spans.is_empty() {
            spans = held.others(since);
        } else {
            spans.extend(held.linked(&spans));
        }
        let seen = TraceObservation {
            spans,
            since,
            lost: if held.lost_until >= since {
                held.lost
            } else {
                0
            },
            services: held.services.clone(),
        };
        Found {
            last_came,
            quiet: (held.longest_lag * 2).clamp(LEAST_QUIET, MOST_QUIET),
            seen,
        }
    }

    /// The spans of every trace to which none has come for `quiet`, those first that began to come first.
    pub fn settled(&self, quiet: Duration) -> Vec<Vec<Arc<RecordedSpan>>> {
        let held = self.lock();
        let traces = held.order.iter().filter_map(|id| held.traces.get(id));
        let settled = traces.filter(|trace| trace.last_came.elapsed() >= quiet);
        settled.map(|trace| trace.spans.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }
}

impl Held {
    fn take(&mut self, span: RecordedSpan, most_bytes: usize) {
        if self.services.len() < MOST_SERVICES && !self.services.contains(&span.service) {
            self.services.insert(span.service.clone());
        }
        let (id, bytes) = (span.trace, size(&span));
        let order = &mut self.order;
        let trace = self.traces.entry(id).or_insert_with(|| {
            order.push_back(id);
            Trace {
                spans: Vec::new(),
                ids: HashSet::new(),
                bytes: 0,
                last_came: Instant::now(),
            }
        });
        trace.last_came = Instant::now();
        if trace.ids.contains(&span.id) {
            return;
        }
        if trace.bytes + bytes > MOST_BYTES_OF_TRACE.min(most_bytes / 4) {
            self.lost += 1;
            self.lost_until = self.lost_until.max(span.start);
            return;
        }
        trace.ids.insert(span.id);
        trace.bytes += bytes;
        trace.spans.push(Arc::new(span));
        self.bytes += bytes;
        while self.bytes > most_bytes {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(trace) = self
            .order
            .pop_front()
            .and_then(|id| self.traces.remove(&id))
        else {
            self.bytes = 0;
            return;
        };
        self.bytes -= trace.bytes;
        for span in trace.spans {
            self.lost += 1;
            self.lost_until = self.lost_until.max(span.start);
        }
    }

    /// Where services took work up since then.
    fn others(&self, since: u64) -> Vec<Arc<RecordedSpan>> {
        let spans = self.traces.values().flat_map(|trace| &trace.spans);
        let is_root = |span: &&Arc<RecordedSpan>| {
            span.start >= since && (span.parent.is_none() || span.kind == SpanKind::Server)
        };
        spans.filter(is_root).take(MOST_OTHERS).cloned().collect()
    }

    /// The spans of other traces that these are linked to.
    fn linked(&self, spans: &[Arc<RecordedSpan>]) -> Vec<Arc<RecordedSpan>> {
        let links = spans.iter().flat_map(|span| &span.links);
        let found = links.filter_map(|(trace, id)| {
            let mut spans = self.traces.get(trace)?.spans.iter();
            spans.find(|span| span.id == *id).cloned()
        });
        found.collect()
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Bytes of memory, roughly.
fn size(span: &RecordedSpan) -> usize {
    let attributes = span.attributes.iter();
    let attributes: usize = attributes
        .map(|(key, value)| 64 + key.len() + size_of_value(value))
        .sum();
    size_of::<RecordedSpan>()
        + 64
        + span.service.len()
        + span.name.len()
        + 24 * span.links.len()
        + attributes
}

fn size_of_value(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(|item| 32 + size_of_value(item)).sum(),
        Json::Object(members) => {
            let members = members.iter();
            members
                .map(|(key, value)| 96 + key.len() + size_of_value(value))
                .sum()
        }
        _ => 0,
    }
}
