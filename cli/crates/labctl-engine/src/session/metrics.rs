//! Metrics are read: from the services' own pages, or of Prometheus; before a block where a change is claimed.

use std::{collections::HashSet, time::Duration};

use labctl_runbook::{
    Defaults, MetricsPage,
    expect::{Expectations, HttpMethod, MetricExpr, Subject},
    metrics::{QueryError, Sample, exposition, query_answer},
};

use crate::{http::HttpClient, in_full};

/// For each of those looked at.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);

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

/// What a lab's metrics say now.
#[derive(Debug, Default)]
pub struct MetricsLook {
    /// Of all pages that answered, then of Prometheus what no page has.
    pub samples: Vec<Sample>,
    /// Who did not answer, and why.
    pub unread: Vec<String>,
}

/// Reads the pages that the front matter names, and asks its Prometheus for what none of them has: a service may
/// publish no port.
pub async fn look_at_metrics(defaults: &Defaults) -> MetricsLook {
    /// All but what Prometheus says of itself and of the collector.
    const OTHERS: &str = r#"{job!="",job!~"prometheus|otel-collector"}"#;
    let http = HttpClient::default();
    let mut look = MetricsLook::default();
    for page in &defaults.metrics {
        match read_page(&http, page, LOOK_PATIENCE).await {
            Ok(samples) => look.samples.extend(samples),
            Err(not_read) => look.unread.push(not_read.into_why()),
        }
    }
    let Some(prometheus) = &defaults.prometheus else {
        return look;
    };
    match ask_prometheus(&http, prometheus, OTHERS, LOOK_PATIENCE).await {
        Ok(samples) => {
            let on_pages: HashSet<_> = look.samples.iter().map(without_place).collect();
            let is_other = |sample: &Sample| {
                let is_scrape = sample.name == "up" || sample.name.starts_with("scrape_");
                !is_scrape && !on_pages.contains(&without_place(sample))
            };
            look.samples.extend(samples.into_iter().filter(is_other));
        }
        Err(not_read) => look.unread.push(not_read.into_why()),
    }
    look
}

/// A series over time: its labels, and its values by Unix seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Label and value, by label; `__name__` among them where it has one.
    pub labels: Vec<(String, String)>,
    /// Seconds since 1970 and value; it may be no number.
    pub points: Vec<(f64, f64)>,
}

/// Asks the Prometheus at `url` for the values of `query` from `start` to `end` in Unix seconds, each `step` seconds.
///
/// # Errors
/// It does not answer, or refuses.
pub async fn query_range(
    url: &str,
    query: &str,
    (start, end): (f64, f64),
    step: f64,
) -> Result<Vec<Curve>, String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        data: Option<Data>,
        error: Option<String>,
    }
    #[derive(serde::Deserialize)]
    struct Data {
        result: Vec<Series>,
    }
    #[derive(serde::Deserialize)]
    struct Series {
        metric: std::collections::BTreeMap<String, String>,
        values: Vec<(f64, String)>,
    }
    let base = url.trim_end_matches('/');
    let query = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
    let url =
        format!("{base}/api/v1/query_range?query={query}&start={start}&end={end}&step={step}");
    let (_, body) = get(&HttpClient::default(), &url, LOOK_PATIENCE)
        .await
        .map_err(NotRead::into_why)?;
    let answer: Answer = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    let data = answer.data.ok_or(answer.error.unwrap_or_default())?;
    let curve = |series: Series| Curve {
        labels: series.metric.into_iter().collect(),
        points: series
            .values
            .into_iter()
            .filter_map(|(at, value)| Some((at, value.parse().ok()?)))
            .collect(),
    };
    Ok(data.result.into_iter().map(curve).collect())
}

/// The series, wherever it was read.
fn without_place(sample: &Sample) -> String {
    let mut sample = sample.clone();
    sample
        .labels
        .retain(|(name, _)| name != "job" && name != "instance");
    sample.series()
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
