//! Services and their interfaces are asked what a claim says of them; again and again where the claim is awaited.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use labctl_runbook::{
    Captures, Defaults, MetricObservation, Verdict,
    expect::{
        self, Aspect, HttpSubject, MetricSubject, ServiceSubject, Statement, Subject, TraceSubject,
    },
    traces::{DrawnSpan, drawn},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Runtime, RuntimeError, Secrets, TraceStore,
    http::HttpClient,
    in_full,
    session::{
        metrics::{self, Before, NotRead},
        services::Services,
    },
};

/// The pause after the first question; doubled after each one, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long an answer over HTTP may take.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// How much later than its deadline the last answer to an awaited claim may come.
const GRACE: Duration = Duration::from_secs(1);

/// How long spans may take to come: an exporter may wait five seconds for more of them.
const ARRIVAL: Duration = Duration::from_secs(7);

/// How often is looked whether they have come.
const LOOK: Duration = Duration::from_millis(50);

/// Who can be asked, and of which time.
pub(super) struct Witness<'a, 's, R> {
    /// `None`: this run has no services.
    pub(super) services: Option<&'a mut Services<'s, R>>,
    /// Asks over HTTP.
    pub(super) http: &'a HttpClient,
    /// Where the page says its metrics are.
    pub(super) defaults: &'a Defaults,
    /// The metrics just before the block.
    pub(super) before: &'a Before,
    /// What never appears in an answer.
    pub(super) secrets: &'a Secrets,
    /// Where spans come together, or why they do not; `None`: nobody asked for them.
    pub(super) traces: Option<&'a Result<Arc<TraceStore>, String>>,
    /// Claims that labctl itself must ask for are judged.
    pub(super) is_asked: bool,
    /// A person's interrupt, or the end of the lab's time: no more is awaited.
    pub(super) cancel: &'a CancellationToken,
    /// When the block began: earlier log lines are none of its.
    pub(super) began_at: SystemTime,
    /// When it ended: `within` counts from here.
    pub(super) ended: Instant,
    /// An interrupt kept a statement from being judged.
    pub(super) is_cut_short: bool,
    /// Those of the trace that was last looked at.
    pub(super) spans: Vec<DrawnSpan>,
}

/// An answer that asking again may change, or not.
enum Answer {
    Fleeting(Verdict),
    Final(Verdict),
}

impl<R: Runtime> Witness<'_, '_, R> {
    /// Judges a statement that needs asking, and says how long after the block's end it came to that if it is awaited.
    pub(super) async fn judge(
        &mut self,
        statement: &Statement,
        captures: &mut Captures,
    ) -> (Verdict, Option<Duration>) {
        let within = match statement {
            Statement::Claim(claim) => claim.within,
            Statement::Capture(_) => None,
        };
        let cancel = self.cancel;
        let deadline = self.ended + within.unwrap_or_default();
        let mut pause = FIRST_PAUSE;
        let verdict = loop {
            let limit = match within {
                Some(_) => ANSWER.min(deadline.saturating_duration_since(Instant::now()) + GRACE),
                None => ANSWER,
            };
            let answer = tokio::select! {
                biased;
                () = cancel.cancelled() => break self.cut_short(),
                answer = self.ask(statement, limit, captures) => answer,
            };
            let verdict = match answer {
                Answer::Final(verdict) | Answer::Fleeting(verdict @ Verdict::Held) => {
                    break verdict;
                }
                Answer::Fleeting(verdict) => verdict,
            };
            if Instant::now() >= deadline {
                break verdict;
            }
            let next = deadline.min(Instant::now() + pause);
            tokio::select! {
                biased;
                () = cancel.cancelled() => break self.cut_short(),
                () = tokio::time::sleep_until(next) => {}
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        };
        (verdict, within.map(|_| self.ended.elapsed()))
    }

    fn cut_short(&mut self) -> Verdict {
        self.is_cut_short = true;
        Verdict::Errored("interrupted before it could be told".to_owned())
    }

    async fn ask(
        &mut self,
        statement: &Statement,
        limit: Duration,
        captures: &mut Captures,
    ) -> Answer {
        match statement.subject() {
            Subject::Service(subject) => self.ask_runtime(statement, subject, captures).await,
            Subject::Http(subject) => {
                self.ask_over_http(statement, subject, limit, captures)
                    .await
            }
            Subject::Metric(subject) => self.read(statement, subject, limit, captures).await,
            Subject::Trace(subject) => self.look_at_traces(statement, subject, captures).await,
            _ => Answer::Final(Verdict::Errored("nobody can be asked".to_owned())),
        }
    }

    async fn ask_runtime(
        &mut self,
        statement: &Statement,
        subject: &ServiceSubject,
        captures: &mut Captures,
    ) -> Answer {
        let Some(services) = &mut self.services else {
            return Answer::Final(Verdict::Errored(NO_SERVICES.to_owned()));
        };
        let logs = (subject.aspect == Aspect::Logs).then_some(self.began_at);
        match services.service(&subject.name, logs).await {
            Ok(seen) => Answer::Fleeting(expect::judge(statement, &seen, captures)),
            Err(error @ RuntimeError::UnknownService { .. }) => {
                Answer::Final(Verdict::Errored(in_full(&error)))
            }
            // A container that is being replaced may be there the next time.
            Err(error) => Answer::Fleeting(Verdict::Errored(in_full(&error))),
        }
    }

    async fn read(
        &mut self,
        statement: &Statement,
        subject: &MetricSubject,
        limit: Duration,
        captures: &mut Captures,
    ) -> Answer {
        let mut before = self.before.iter();
        let before = before.find(|(expr, _)| *expr == subject.expr);
        match metrics::samples(self.http, self.defaults, &subject.expr, limit).await {
            Ok(samples) => {
                let seen = MetricObservation {
                    samples,
                    before: before.map(|(_, samples)| samples.clone()),
                };
                Answer::Fleeting(expect::judge(statement, &seen, captures))
            }
            Err(NotRead::Now(why)) => Answer::Fleeting(Verdict::Errored(self.secrets.mask(&why))),
            Err(NotRead::Ever(why)) => Answer::Final(Verdict::Errored(self.secrets.mask(&why))),
        }
    }

    /// Judges once the spans of the traces that are meant have come, as far as can be told.
    async fn look_at_traces(
        &mut self,
        statement: &Statement,
        subject: &TraceSubject,
        captures: &mut Captures,
    ) -> Answer {
        let store = match self.traces {
            Some(Ok(store)) => store,
            Some(Err(why)) => return Answer::Final(Verdict::Errored(why.clone())),
            None => return Answer::Final(Verdict::Errored("no spans are received".to_owned())),
        };
        let verdict = loop {
            let found = store.find(subject, self.began_at);
            let last = found.last_came.unwrap_or(self.ended).max(self.ended);
            let elapsed = self.ended.elapsed();
            // Work that never rests is judged on what there is.
            let is_late = elapsed >= ARRIVAL + found.quiet;
            if is_late || last.elapsed() >= found.quiet {
                let verdict = expect::judge(statement, &found.seen, captures);
                // What is missing may still come.
                if verdict == Verdict::Held || is_late || elapsed >= ARRIVAL {
                    let trees = subject.trees(&found.seen);
                    self.spans = trees.first().map(drawn).unwrap_or_default();
                    break verdict;
                }
            }
            tokio::time::sleep(LOOK).await;
        };
        for span in &mut self.spans {
            span.name = self.secrets.mask(&span.name);
            span.service = self.secrets.mask(&span.service);
        }
        Answer::Fleeting(match verdict {
            Verdict::Held => Verdict::Held,
            Verdict::Failed(seen) => Verdict::Failed(self.secrets.mask(&seen)),
            Verdict::Errored(why) => Verdict::Errored(self.secrets.mask(&why)),
        })
    }

    async fn ask_over_http(
        &mut self,
        statement: &Statement,
        subject: &HttpSubject,
        limit: Duration,
        captures: &mut Captures,
    ) -> Answer {
        let url = match subject.url.fill(captures) {
            Ok(url) => url,
            Err(why) => return Answer::Final(Verdict::Errored(why)),
        };
        match self.http.ask(subject.method, &url, limit).await {
            Ok(mut seen) => {
                seen.body.text = self.secrets.mask(&seen.body.text);
                for (_, value) in &mut seen.headers {
                    *value = self.secrets.mask(value);
                }
                Answer::Fleeting(expect::judge(statement, &seen, captures))
            }
            // Who does not answer now may be starting.
            Err(error) => Answer::Fleeting(Verdict::Errored(self.secrets.mask(&in_full(&error)))),
        }
    }
}

const NO_SERVICES: &str = "this run has no services to ask: that takes a Compose file, and a block or \
     `labctl: {up: true}` that brings them up";
