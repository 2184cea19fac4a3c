//! What a lab's dashboards show while it is played: its Prometheus is asked now and then, for the pictures of a report.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use labctl_engine::{Curve, query_range};
use serde::Deserialize;
use tokio::task::JoinHandle;

/// Between two rounds of questions.
const PAUSE: Duration = Duration::from_secs(4);
/// Points of a line, at most.
const POINTS: f64 = 200.0;
/// Seconds between two points, at least.
const STEP: f64 = 2.0;
/// Lines of a panel.
const LINES: usize = 20;
/// Panels of a lab.
const PANELS: usize = 40;

/// A panel as it was drawn last.
#[derive(Debug, Clone)]
pub(crate) struct DrawnPanel {
    pub(crate) title: String,
    /// As Grafana calls it: `s`, `ops`, `percentunit` …
    pub(crate) unit: String,
    pub(crate) description: String,
    pub(crate) lines: Vec<Line>,
}

/// A series over the time of the lab.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) legend: String,
    /// Unix seconds and value; it may be no number.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Asks until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    drawn: Arc<Mutex<Vec<DrawnPanel>>>,
    asking: JoinHandle<()>,
}

#[derive(Deserialize)]
struct Dashboard {
    panels: Vec<Panel>,
}

/// The part of a panel that matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Panel {
    title: String,
    description: String,
    targets: Vec<Target>,
    field_config: FieldConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldConfig {
    defaults: Defaults,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Defaults {
    unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    expr: String,
    #[serde(default)]
    legend_format: String,
}

impl Watch {
    /// Watches the dashboards in `folder`/dashboards by the Prometheus at `url`; to be called within a Tokio runtime.
    pub(crate) fn start(folder: &Path, url: String) -> Self {
        let panels = panels(&folder.join("dashboards"));
        let drawn = Arc::<Mutex<Vec<DrawnPanel>>>::default();
        let latest = Arc::clone(&drawn);
        let asking = tokio::spawn(async move {
            let began = now();
            loop {
                tokio::time::sleep(PAUSE).await;
                // Nobody there yet, or no more: what was drawn before stays.
                if let Ok(panels) = draw(&url, &panels, began).await {
                    *lock(&latest) = panels;
                }
            }
        });
        Self { drawn, asking }
    }

    /// What was drawn last.
    pub(crate) fn drawn(&self) -> Vec<DrawnPanel> {
        lock(&self.drawn).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

fn lock(drawn: &Mutex<Vec<DrawnPanel>>) -> MutexGuard<'_, Vec<DrawnPanel>> {
    drawn.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those that ask something, of every file there. What is no dashboard has none.
fn panels(folder: &Path) -> Vec<Panel> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.sort();
    let texts = paths
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    let dashboards = texts.filter_map(|text| serde_json::from_str::<Dashboard>(&text).ok());
    let panels = dashboards.flat_map(|dashboard| dashboard.panels);
    let asking = panels.filter(|panel| !panel.targets.is_empty());
    asking.take(PANELS).collect()
}

async fn draw(url: &str, panels: &[Panel], began: f64) -> Result<Vec<DrawnPanel>, String> {
    let end = now();
    let step = ((end - began) / POINTS).max(STEP);
    let mut drawn = Vec::new();
    for panel in panels {
        let mut lines = Vec::new();
        for target in &panel.targets {
            let curves = query_range(url, &target.expr, (began, end), step).await?;
            lines.extend(curves.into_iter().map(|curve| Line {
                legend: legend(&target.legend_format, &curve),
                points: curve.points,
            }));
        }
        lines.truncate(LINES);
        drawn.push(DrawnPanel {
            title: panel.title.clone(),
            unit: panel.field_config.defaults.unit.clone(),
            description: panel.description.clone(),
            lines,
        });
    }
    Ok(drawn)
}

/// The format with each `{{label}}` replaced by its value.
fn legend(format: &str, curve: &Curve) -> String {
    let mut text = format.to_owned();
    for (label, value) in &curve.labels {
        text = text.replace(&format!("{{{{{label}}}}}"), value);
    }
    text
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_that_ask_something_are_found_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let dashboard = r#"{"panels": [{"type": "row", "title": "Row"}, {"title": "Hits", "description": "d",
            "targets": [{"expr": "hits", "legendFormat": "{{op}} of {{job}}"}],
            "fieldConfig": {"defaults": {"unit": "ops"}}}]}"#;
        fs::write(folder.path().join("a.json"), dashboard).unwrap();
        fs::write(folder.path().join("b.json"), "no json").unwrap();
        let panels = panels(folder.path());
        assert_eq!(panels.len(), 1);
        assert_eq!(
            (&*panels[0].title, &*panels[0].field_config.defaults.unit),
            ("Hits", "ops")
        );
        let curve = Curve {
            labels: [("op", "get"), ("job", "api")]
                .map(|(label, value)| (label.to_owned(), value.to_owned()))
                .into(),
            points: Vec::new(),
        };
        assert_eq!(
            legend(&panels[0].targets[0].legend_format, &curve),
            "get of api"
        );
    }
}
