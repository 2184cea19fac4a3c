//! Metrics are read: from the services' own pages, or of Prometheus; before a block where a change is claimed.

use std::time::Duration;

use labctl_runbook::{
    Defaults, MetricsPage,
    expect::{Expectations, HttpMethod, MetricExpr, Subject},
    metrics::{QueryError, Sample, exposition, query_answer},
};

use crate::{http::HttpClient, in_full};

/// What was read just before a block: each expression once.
pub(super) type Before = Vec<(MetricExpr, Result<Vec<Sample>, String>)>;

/// Why nothing was read.
#[derive(Debug)]
pub(super) enum NotRead {
    /// It may be the next time.
    Now(String),
    /// It never will be.
    Ever(String),
}

impl NotRead {
    pub(super) fn into_why(self) -> String {
        match self {
            Self::Now(why) | Self::Ever(why) => why,
        }
    }
}

/// Reads the metrics whose change is claimed.
pub(super) async fn before(
    http: &HttpClient,
    defaults: &Defaults,
    expectations: &Expectations,
    limit: Duration,
) -> Before {
    let mut before = Before::new();
    for statement in &expectations.statements {
        if let Subject::Metric(metric) = statement.subject()
            && metric.is_delta
            && before.iter().all(|(expr, _)| *expr != metric.expr)
        {
            let samples = samples(http, defaults, &metric.expr, limit).await;
            before.push((metric.expr.clone(), samples.map_err(NotRead::into_why)));
        }
    }
    before
}

/// Reads what the expression chooses from. Pages whose job it excludes are left out.
///
/// # Errors
/// Somebody does not answer, or not with metrics.
pub(super) async fn samples(
    http: &HttpClient,
    defaults: &Defaults,
    expr: &MetricExpr,
    limit: Duration,
) -> Result<Vec<Sample>, NotRead> {
    match expr {
        MetricExpr::Query(query) => {
            let prometheus = defaults.prometheus.as_deref().unwrap_or_default();
            ask_prometheus(http, prometheus, query, limit).await
        }
        MetricExpr::Series(selector) => {
            let is_meant = |page: &&MetricsPage| {
                let job = page.job.as_deref();
                job.is_none_or(|job| selector.accepts("job", job))
            };
            let mut samples = Vec::new();
            for page in defaults.metrics.iter().filter(is_meant) {
                samples.extend(read_page(http, page, limit).await?);
            }
            Ok(samples)
        }
    }
}

async fn read_page(
    http: &HttpClient,
    page: &MetricsPage,
    limit: Duration,
) -> Result<Vec<Sample>, NotRead> {
    let (status, body) = get(http, &page.url, limit).await?;
    let wrong = |why: String| NotRead::Now(format!("GET {}: {why}", page.url));
    if status != 200 {
        return Err(wrong(format!("status {status}")));
    }
    let mut samples = exposition(&body).map_err(|error| wrong(error.to_string()))?;
    if let Some(job) = &page.job {
        for sample in &mut samples {
            sample.set_label("job", job);
        }
    }
    Ok(samples)
}

async fn ask_prometheus(
    http: &HttpClient,
    prometheus: &str,
    query: &str,
    limit: Duration,
) -> Result<Vec<Sample>, NotRead> {
    let base = prometheus.trim_end_matches('/');
    let query = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
    let url = format!("{base}/api/v1/query?query={query}");
    let (_, body) = get(http, &url, limit).await?;
    query_answer(&body).map_err(|error| match error {
        QueryError::NotPrometheus => NotRead::Now(format!("GET {prometheus}: {error}")),
        error => NotRead::Ever(error.to_string()),
    })
}

async fn get(http: &HttpClient, url: &str, limit: Duration) -> Result<(u16, String), NotRead> {
    let answer = http.ask(HttpMethod::Get, url, limit).await;
    let seen = answer.map_err(|error| NotRead::Now(in_full(&error)))?;
    if seen.body.omitted_bytes > 0 {
        return Err(NotRead::Now(format!("GET {url}: longer than is kept")));
    }
    Ok((seen.status, seen.body.text))
}
