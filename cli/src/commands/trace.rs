//! `labctl trace LAB`: the last traces of a running lab, as its Jaeger has them; without one, those that come while
//! labctl listens in the collector's place.

use std::{collections::HashSet, net::SocketAddr, process::ExitCode, time::Duration};

use labctl_docker::services_hosts;
use labctl_engine::{Lab, TraceReceiver, jaeger_spans};
use labctl_runbook::traces::{RecordedSpan, SpanTree, waterfall};
use tokio::time::{Instant, sleep};

use super::services::lab;
use crate::{
    args::TraceArgs, environment::Environment, error::CliError, interrupt, library::Library,
    output, scene::runtime, traces::COLLECTOR_PORT,
};

const JAEGER: &str = "127.0.0.1:16686";
/// A trace to which no span has come for so long is shown.
const QUIET: Duration = Duration::from_secs(1);
/// Between two looks at what has come.
const GLANCE: Duration = Duration::from_millis(200);

pub(crate) async fn trace(
    library: &Library,
    environment: &Environment,
    args: &TraceArgs,
) -> Result<ExitCode, CliError> {
    let lab = lab(library, &args.lab).await?;
    let services = runtime(environment).status(&lab).await?;
    if services.iter().all(|service| service.container.is_none()) {
        return Err(CliError::Errored(format!(
            "{} is down; `labctl up {}` brings it up",
            lab.name, args.lab
        )));
    }
    let last = usize::from(args.last);
    if services
        .iter()
        .any(|s| s.ports.iter().any(|port| port == JAEGER))
    {
        let spans = jaeger_spans(&format!("http://{JAEGER}"), last).await;
        let spans = spans.map_err(CliError::Errored)?;
        let traces = drawn(&spans);
        if traces.is_empty() {
            return Err(CliError::Errored(format!(
                "the Jaeger of {} has no trace of the last hour; use the lab first",
                lab.name
            )));
        }
        for text in &traces[traces.len().saturating_sub(last)..] {
            output::text(&format!("{text}\n\n"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    listen(&lab, last, args.wait).await
}

/// Shows what comes, until it is enough.
async fn listen(lab: &Lab, last: usize, wait: Duration) -> Result<ExitCode, CliError> {
    let cancel = interrupt::token().map_err(CliError::Start)?;
    let receiver = receiver(lab).await?;
    let store = receiver.store();
    output::say(&format!(
        "{} has no Jaeger here: listening for {}; use the lab now",
        lab.name,
        humantime::format_duration(wait)
    ));
    let deadline = Instant::now() + wait;
    let mut shown = HashSet::new();
    while shown.len() < last && Instant::now() < deadline && !cancel.is_cancelled() {
        for spans in store.settled(QUIET) {
            let id = spans.first().map(|span| span.trace);
            if shown.len() < last && shown.insert(id) {
                let spans: Vec<_> = spans.iter().map(|span| RecordedSpan::clone(span)).collect();
                for text in drawn(&spans) {
                    output::text(&format!("{text}\n\n"));
                }
            }
        }
        tokio::select! {
            () = sleep(GLANCE) => (),
            () = cancel.cancelled() => (),
        }
    }
    if shown.is_empty() {
        return Err(CliError::Errored(format!(
            "no span came from {}; its services send them to the collector of the lab, in whose place labctl listens: was it used, and brought up after `ci/setup`?",
            lab.name
        )));
    }
    Ok(ExitCode::SUCCESS)
}

async fn receiver(lab: &Lab) -> Result<TraceReceiver, CliError> {
    let mut failed = "there is no address at which labctl could listen for spans".to_owned();
    for host in services_hosts(lab).await? {
        let address = SocketAddr::new(host.listen, COLLECTOR_PORT);
        match TraceReceiver::listen_to_all(address) {
            Ok(receiver) => return Ok(receiver),
            Err(error) => failed = format!("labctl cannot listen for spans on {address}: {error}"),
        }
    }
    Err(CliError::Errored(failed))
}

/// A waterfall for each trace, in order of start.
fn drawn(spans: &[RecordedSpan]) -> Vec<String> {
    let known: HashSet<_> = spans.iter().map(|span| (span.trace, span.id)).collect();
    // The caller's own span, if it has one, is not among them.
    let is_root = |span: &RecordedSpan| {
        span.parent
            .is_none_or(|parent| !known.contains(&(span.trace, parent)))
    };
    let trees = SpanTree::all(spans, is_root);
    let text =
        |tree: &SpanTree<'_>| format!("trace {:032x}\n{}", tree.root().trace, waterfall(tree));
    trees.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use labctl_runbook::traces::{SpanKind, SpanStatus};

    use super::*;

    #[test]
    fn a_trace_is_drawn_from_the_first_span_that_is_known() {
        let span = |trace, id, parent, name: &str, start| RecordedSpan {
            trace,
            id,
            parent,
            service: "api".to_owned(),
            name: name.to_owned(),
            kind: SpanKind::Internal,
            start,
            end: start + 1000,
            status: SpanStatus::Unset,
            attributes: Vec::new(),
            links: Vec::new(),
        };
        let spans = [
            span(2, 5, None, "GET /items", 90),
            span(1, 2, Some(1), "redis_set", 20),
            span(1, 1, Some(9), "POST /items", 10),
        ];
        let traces = drawn(&spans);
        assert_eq!(traces.len(), 2);
        assert!(
            traces[0].starts_with(&format!("trace {:032x}\nPOST /items", 1)),
            "{traces:?}"
        );
        assert!(traces[0].contains("\n  redis_set"), "{traces:?}");
        assert!(traces[1].contains("GET /items"), "{traces:?}");
    }
}
