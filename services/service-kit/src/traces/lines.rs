//! The trace id on every line of the log that is about a request.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::current_trace_id;
use crate::LogFormat;

/// A form of log lines, with the field `trace_id` at their end while there is a span.
pub(crate) struct WithTraceId<F> {
    form: F,
    format: LogFormat,
}

impl<F> WithTraceId<F> {
    pub(crate) fn new(format: LogFormat, form: F) -> Self {
        Self { form, format }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithTraceId<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let has_one = || event.metadata().fields().field("trace_id").is_some();
        let Some(trace_id) = current_trace_id().filter(|_| !has_one()) else {
            return self.form.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.form
            .format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end_matches('\n');
        match self.format {
            LogFormat::Text => writeln!(writer, "{line} trace_id={trace_id}"),
            LogFormat::Json => {
                let open = line.strip_suffix('}').ok_or(fmt::Error)?;
                writeln!(writer, "{open},\"trace_id\":\"{trace_id}\"}}")
            }
        }
    }
}
