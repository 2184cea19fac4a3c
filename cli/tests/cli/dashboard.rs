//! A dashboard as Grafana reads it, as far as ours go: a field that is not here is a mistake.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

/// The labs, and each one's dashboard.
pub(crate) const DASHBOARDS: [(&str, &str); 5] = [
    ("03-write-through", "write-through.json"),
    ("08-cache-aside", "cache-aside.json"),
    ("14-eventual-consistency", "eventual-consistency.json"),
    ("25-write-ahead-log", "write-ahead-log.json"),
    ("42-write-behind", "write-behind.json"),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "to be read is what is checked of the others")]
pub(crate) struct Dashboard {
    pub(crate) uid: String,
    pub(crate) title: String,
    description: String,
    pub(crate) tags: Vec<String>,
    schema_version: u8,
    version: u32,
    editable: bool,
    graph_tooltip: u8,
    pub(crate) refresh: String,
    timezone: String,
    pub(crate) time: Range,
    annotations: BTreeMap<String, Vec<Value>>,
    templating: BTreeMap<String, Vec<Value>>,
    links: Vec<Value>,
    pub(crate) panels: Vec<Panel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    pub(crate) from: String,
    pub(crate) to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "to be read is what is checked of the others")]
pub(crate) struct Panel {
    pub(crate) id: u32,
    pub(crate) r#type: PanelType,
    pub(crate) title: String,
    pub(crate) grid_pos: GridPos,
    pub(crate) description: Option<String>,
    pub(crate) datasource: Option<DataSource>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
    pub(crate) field_config: Option<FieldConfig>,
    options: Option<Value>,
    collapsed: Option<bool>,
    #[serde(default)]
    pub(crate) panels: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PanelType {
    Row,
    Timeseries,
    Stat,
    Gauge,
    Piechart,
    Histogram,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GridPos {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) w: u32,
    pub(crate) h: u32,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataSource {
    pub(crate) r#type: String,
    pub(crate) uid: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "to be read is what is checked of the others")]
pub(crate) struct Target {
    pub(crate) ref_id: String,
    pub(crate) datasource: DataSource,
    pub(crate) expr: String,
    pub(crate) legend_format: String,
    format: Option<String>,
    instant: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "to be read is what is checked of the others")]
pub(crate) struct FieldConfig {
    pub(crate) defaults: Defaults,
    overrides: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "to be read is what is checked of the others")]
pub(crate) struct Defaults {
    pub(crate) unit: String,
    min: Option<f64>,
    max: Option<f64>,
    decimals: Option<u8>,
    color: Option<Value>,
    custom: Option<Value>,
    mappings: Option<Vec<Value>>,
    thresholds: Option<Thresholds>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "to be read is what is checked")]
struct Thresholds {
    mode: String,
    steps: Vec<Value>,
}

impl Dashboard {
    /// # Panics
    /// It is not there, or not what Grafana reads.
    pub(crate) fn of(lab: &str, file: &str) -> Self {
        let path = compose().join(lab).join("dashboards").join(file);
        let text = fs::read_to_string(&path).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Those that draw something.
    pub(crate) fn drawn(&self) -> impl Iterator<Item = &Panel> {
        let panels = self.panels.iter();
        panels.filter(|panel| panel.r#type != PanelType::Row)
    }
}

/// The folder of the labs' Compose files.
pub(crate) fn compose() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../compose")
}
