//! What the labs are watched with fits together: dashboards, data sources, the collector's pipelines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Command, Output},
};

use serde::Deserialize;
use serde_json::Value;

use crate::dashboard::{DASHBOARDS, Dashboard, DataSource, PanelType, compose};

type Names = &'static [&'static str];

/// Title, uid, tags, range and panels, in their order: what the labs' pages and readers look for.
const SHAPES: [(&str, &str, Names, &str, Names); 5] = [
    (
        "Lab 03: Write-Through Cache",
        "lab03-write-through",
        &["cache", "write-through", "lab03"],
        "now-15m",
        &[
            "Hit Ratio",
            "Cache Hits and Misses",
            "Write Latency by Target",
            "Request Latency by Method and Endpoint",
            "Requests by Status",
            "Database Operations",
        ],
    ),
    (
        "Lab 08: Cache-Aside Pattern",
        "lab08-cache-aside",
        &["cache", "cache-aside", "lab08"],
        "now-15m",
        &[
            "Cache Hit Rate Over Time",
            "Cache Hits vs Misses (rate/sec)",
            "Current Hit Rate",
            "Items in Cache",
            "Total Invalidations",
            "DB Reads/sec",
            "Cache vs Database Latency",
            "Request Latency by Endpoint",
            "Cache Invalidations by Reason",
            "Database Operations Rate",
        ],
    ),
    (
        "Eventual Consistency Dashboard",
        "eventual-consistency",
        &["eventual-consistency", "replication", "ddia"],
        "now-5m",
        &[
            "Version: Primary vs Replicas",
            "Replica 1 - Versions Behind",
            "Replica 2 - Versions Behind",
            "All Replicas Consistent",
            "Replication Lag",
            "Data Staleness (ms since write)",
            "Stale vs Fresh Reads (rate/min)",
            "Stale Read Rate %",
            "Total Reads Distribution",
            "Consistency Window Distribution",
            "Consistency Window p50",
            "Consistency Window p99",
            "Total Writes",
            "Total Replications",
            "Configured Replication Delay",
            "Actual Replication Lag (write to receive)",
        ],
    ),
    (
        "Write-Ahead Log Lab",
        "wal-lab-dashboard",
        &["wal", "durability", "storage"],
        "now-15m",
        &[
            "WAL Size",
            "WAL Entries Count",
            "WAL Write Rate",
            "Checkpoint Count",
            "Recovery Time",
            "KV Store Items",
            "Write Latency: WAL vs No-WAL (SET operation)",
        ],
    ),
    (
        "Write-Behind Cache Dashboard",
        "write-behind-cache",
        &["write-behind", "cache", "lab42"],
        "now-15m",
        &[
            "Write Queue Size",
            "API Request Rate",
            "Failed Writes (Data Loss)",
            "Writes Coalesced",
            "Write Queue Size Over Time",
            "Worker Write Rate by Operation",
            "API Latency (Write-Behind)",
            "Worker DB Write Latency",
            "Cache Hit/Miss Rate",
            "Cache Hit Rate",
            "Worker Retries",
        ],
    ),
];

#[test]
fn the_dashboards_are_called_and_ordered_as_promised() {
    for ((lab, file), (title, uid, tags, from, panels)) in DASHBOARDS.into_iter().zip(SHAPES) {
        let dashboard = Dashboard::of(lab, file);
        assert_eq!((&*dashboard.title, &*dashboard.uid), (title, uid));
        assert_eq!(dashboard.tags, tags, "{lab}");
        assert_eq!(dashboard.refresh, "5s", "{lab}");
        assert_eq!((&*dashboard.time.from, &*dashboard.time.to), (from, "now"));
        let found: Vec<_> = dashboard.drawn().map(|panel| &*panel.title).collect();
        assert_eq!(found, panels, "{lab}");
    }
}

#[test]
fn every_panel_has_a_query_a_unit_a_meaning_and_a_place_of_its_own() {
    let prometheus = DataSource {
        r#type: "prometheus".to_owned(),
        uid: "prometheus".to_owned(),
    };
    for (lab, file) in DASHBOARDS {
        let dashboard = Dashboard::of(lab, file);
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in &dashboard.panels {
            let at = format!("{lab}: {}", panel.title);
            assert!(ids.insert(panel.id), "{at}: a second panel {}", panel.id);
            let place = panel.grid_pos;
            assert!(place.w > 0 && place.x + place.w <= 24, "{at}: {place:?}");
            for x in place.x..place.x + place.w {
                for y in place.y..place.y + place.h {
                    assert!(taken.insert((x, y)), "{at} lies on another panel");
                }
            }
            if panel.r#type == PanelType::Row {
                assert!(panel.panels.is_empty(), "{at}: a folded panel");
                continue;
            }
            assert_eq!(panel.datasource.as_ref(), Some(&prometheus), "{at}");
            let config = panel.field_config.as_ref().unwrap();
            assert!(!config.defaults.unit.is_empty(), "{at}: no unit");
            let description = panel.description.as_deref().unwrap_or_default();
            assert!(description.ends_with('.'), "{at}: no description");
            assert!(!panel.targets.is_empty(), "{at}: no query");
            let mut letters = BTreeSet::new();
            for target in &panel.targets {
                assert!(letters.insert(&target.ref_id), "{at}: {}", target.ref_id);
                assert_eq!(target.datasource, prometheus, "{at}");
                assert!(!target.expr.is_empty(), "{at}");
                assert!(!target.legend_format.is_empty(), "{at}: no legend");
            }
        }
    }
}

fn yaml<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let path = compose().join(path);
    let text = fs::read_to_string(&path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collector {
    receivers: BTreeMap<String, Value>,
    processors: BTreeMap<String, Value>,
    exporters: BTreeMap<String, Value>,
    service: Pipelines,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pipelines {
    pipelines: BTreeMap<String, Pipeline>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pipeline {
    receivers: Vec<String>,
    processors: Vec<String>,
    exporters: Vec<String>,
}

#[test]
fn the_collector_uses_what_it_defines_and_defines_what_it_uses() {
    let collector: Collector = yaml("common/otel-collector-config.yaml");
    let pipelines = collector.service.pipelines;
    let used = |of: fn(&Pipeline) -> &Vec<String>| {
        let names = pipelines.values().flat_map(of).cloned();
        names.collect::<BTreeSet<_>>()
    };
    let defined = |of: &BTreeMap<String, Value>| of.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(used(|p| &p.receivers), defined(&collector.receivers));
    assert_eq!(used(|p| &p.processors), defined(&collector.processors));
    assert_eq!(used(|p| &p.exporters), defined(&collector.exporters));
    let traces = &pipelines["traces"].exporters;
    assert_eq!(*traces, ["otlp/jaeger", "logging"]);
    assert_eq!(pipelines["metrics"].exporters, ["prometheus"]);
    let jaeger = &collector.exporters["otlp/jaeger"]["endpoint"];
    assert_eq!(jaeger, "${env:JAEGER_ENDPOINT}");
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DataSources {
    api_version: u8,
    datasources: Vec<Provisioned>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Provisioned {
    name: String,
    uid: String,
    r#type: String,
    access: String,
    url: String,
    #[serde(default)]
    is_default: bool,
    editable: bool,
}

#[test]
fn grafana_is_given_its_data_sources_and_each_lab_says_where_they_are() {
    let sources: DataSources = yaml("common/grafana/datasources/datasources.yaml");
    assert_eq!(sources.api_version, 1);
    let found: Vec<_> = sources
        .datasources
        .iter()
        .map(|s| {
            (
                &*s.name,
                &*s.uid,
                &*s.r#type,
                &*s.access,
                s.is_default,
                s.editable,
            )
        })
        .collect();
    let expected = [
        (
            "Prometheus",
            "prometheus",
            "prometheus",
            "proxy",
            true,
            false,
        ),
        ("Jaeger", "jaeger", "jaeger", "proxy", false, false),
    ];
    assert_eq!(found, expected);
    let urls: Vec<_> = sources.datasources.iter().map(|s| &*s.url).collect();
    assert_eq!(urls, ["$PROMETHEUS_URL", "$JAEGER_URL"]);

    let provider: Value = yaml("common/grafana/dashboards/dashboards.yaml");
    let folder = &provider["providers"][0]["options"]["path"];
    for (lab, _) in DASHBOARDS {
        let prefix = if lab.starts_with("03") {
            String::new()
        } else {
            format!("lab{}-", &lab[..2])
        };
        let model: Value = yaml(&format!("{lab}/compose.yaml"));
        let service = |name: &str| &model["services"][format!("{prefix}{name}")];
        let grafana = service("grafana");
        let environment = &grafana["environment"];
        let prometheus = format!("http://{prefix}prometheus:9090");
        assert_eq!(environment["PROMETHEUS_URL"], prometheus, "{lab}");
        let jaeger = format!("http://{prefix}jaeger:16686");
        assert_eq!(environment["JAEGER_URL"], jaeger, "{lab}");
        let mount = format!("./dashboards:{}:ro", folder.as_str().unwrap());
        assert_eq!(grafana["volumes"][0], mount, "{lab}");
        let endpoint = &service("otel-collector")["environment"]["JAEGER_ENDPOINT"];
        assert_eq!(*endpoint, format!("{prefix}jaeger:4317"), "{lab}");
    }
}

/// The version of Grafana whose model `ci/setup` brings.
#[test]
fn grafana_s_own_model_is_of_the_version_that_the_labs_run() {
    let root = compose().join("..");
    let version = fs::read_to_string(root.join("target/tools/grafana-foundation-sdk/.version"));
    let version = version.expect("`ci/setup tests` brings the model");
    let (_, series) = version.trim().split_once('!').unwrap();
    let series = series.strip_suffix(".0").unwrap();
    let model: Value = yaml("common/observability.yaml");
    let image = model["services"]["grafana"]["image"].as_str().unwrap();
    assert!(
        image.starts_with(&format!("grafana/grafana:{series}.")),
        "{image}, {series}"
    );
}

fn held_against_grafana(files: &[&Path]) -> Output {
    let program = compose().join("../ci/dashboards");
    Command::new(program).args(files).output().unwrap()
}

#[test]
fn the_dashboards_are_what_grafana_s_own_model_reads() {
    let files = DASHBOARDS.map(|(lab, file)| compose().join(lab).join("dashboards").join(file));
    let checked = held_against_grafana(&files.each_ref().map(|file| &**file));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{said}{checked:?}");

    // It would see.
    let right = fs::read_to_string(&files[0]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.json");
    for (right_part, wrong_part, message) in [
        ("\"lineWidth\"", "\"lineWith\"", "lineWith: unknown"),
        (
            "\"palette-classic\"",
            "\"palette-clasic\"",
            "color.mode: 'palette-clasic' is not",
        ),
        (
            "\"schemaVersion\": ",
            "\"schemaVersion\": 0.",
            "schema_version: 0.",
        ),
    ] {
        let wrong = right.replacen(right_part, wrong_part, 1);
        assert_ne!(wrong, right);
        fs::write(&file, wrong).unwrap();
        let checked = held_against_grafana(&[&file]);
        let said = String::from_utf8_lossy(&checked.stdout);
        assert_eq!(checked.status.code(), Some(1), "{said}{checked:?}");
        assert!(said.contains(message), "{said}");
    }
}
