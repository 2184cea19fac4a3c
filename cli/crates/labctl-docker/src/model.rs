//! What Compose says of a lab: the normalised model, in small structs of our own.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use labctl_runbook::ComposeNames;
use serde::Deserialize;

use crate::{DockerError, sources};

/// A lab's services as `docker compose --profile '*' config --format json` gives them.
///
/// ```json
/// {"name": "lab08-cache-aside", "services": {"lab08-redis": {"image": "redis:7.2-alpine"}},
///  "networks": {"default": {"name": "lab08-cache-aside_default"}}, "x-labctl": {"sources": ["../../services"]}}
/// ```
#[derive(Debug, Clone, Deserialize)]
pub struct ComposeModel {
    /// The project's name, which labels everything of it.
    pub name: String,
    /// Every service, profiles or not, by name.
    #[serde(default)]
    pub services: BTreeMap<String, ComposeService>,
    /// Named volumes by key.
    #[serde(default)]
    pub volumes: BTreeMap<String, ComposeResource>,
    /// Networks by key.
    #[serde(default)]
    pub networks: BTreeMap<String, ComposeResource>,
    /// What the file says to labctl.
    #[serde(default, rename = "x-labctl")]
    pub labctl: LabctlExtension,
    /// The services that a plain `up` starts. Not in the JSON: asked for separately.
    #[serde(skip)]
    pub started: BTreeSet<String>,
    /// The folder that relative paths start from. Not in the JSON.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
pub struct ComposeService {
    /// The container's name, where it has one of its own.
    pub container_name: Option<String>,
    /// The image, where one is named.
    pub image: Option<String>,
    /// Whether and how it is built; only its presence counts here.
    pub build: Option<serde_json::Value>,
    /// Published ports.
    #[serde(default)]
    pub ports: Vec<ComposePort>,
    /// The profiles it is behind.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// How many containers it has, where that is said.
    pub scale: Option<u64>,
    /// Deployment: replicas.
    #[serde(default)]
    pub deploy: Deploy,
    /// Its health check; only its presence counts here.
    pub healthcheck: Option<serde_json::Value>,
}

/// The part of `deploy` that matters here.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Deploy {
    /// How many containers it has.
    pub replicas: Option<u64>,
}

/// A port as Compose writes it.
#[derive(Debug, Clone, Deserialize)]
pub struct ComposePort {
    /// The host's address; all of them where missing.
    pub host_ip: Option<String>,
    /// The host's port, or a range; chosen by the engine where missing.
    pub published: Option<String>,
    /// The container's port.
    pub target: u16,
    /// `tcp` or `udp`.
    #[serde(default = "tcp")]
    pub protocol: String,
}

/// A named volume or a network.
#[derive(Debug, Clone, Deserialize)]
pub struct ComposeResource {
    /// Its real name.
    pub name: Option<String>,
    /// Whether it exists without the lab.
    #[serde(default)]
    pub external: bool,
}

/// The top-level `x-labctl` of a Compose file.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct LabctlExtension {
    /// Files and folders that the lab's own images are built from, relative to the Compose file.
    #[serde(default)]
    pub sources: Vec<PathBuf>,
}

/// A port of the host that a service publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    /// The service.
    pub service: String,
    /// The host's address, `0.0.0.0` for all.
    pub address: String,
    /// The host's port.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

impl ComposeService {
    /// Whether it is wanted at all: `scale: 0` means no container.
    pub fn has_containers(&self) -> bool {
        self.scale.or(self.deploy.replicas) != Some(0)
    }

    /// The image a service has, named or made up by Compose.
    pub fn image_name(&self, project: &str, service: &str) -> String {
        self.image
            .clone()
            .unwrap_or_else(|| format!("{project}-{service}"))
    }
}

impl ComposeModel {
    /// The variables that make an image built by a block of the lab carry the digest of its sources.
    ///
    /// # Errors
    /// A source is not there or cannot be read.
    pub fn build_env(&self) -> Result<BTreeMap<String, String>, DockerError> {
        let digest = sources::digest(self)?;
        Ok(digest
            .map(|digest| (sources::VARIABLE.to_owned(), digest))
            .into_iter()
            .collect())
    }

    /// The services that a plain `up` starts and that have containers.
    pub fn expected(&self) -> impl Iterator<Item = (&str, &ComposeService)> {
        self.services
            .iter()
            .filter(|(name, service)| self.started.contains(*name) && service.has_containers())
            .map(|(name, service)| (name.as_str(), service))
    }

    /// The names of the lab's own things, by which a plan tells them from others'. External ones are others'.
    pub fn names(&self) -> ComposeNames {
        let names = |resources: &BTreeMap<String, ComposeResource>| {
            resources
                .iter()
                .filter(|(_, resource)| !resource.external)
                .flat_map(|(key, resource)| [Some(key.clone()), resource.name.clone()])
                .flatten()
                .collect()
        };
        let services = || self.services.values();
        ComposeNames {
            project: self.name.clone(),
            services: self.services.keys().cloned().collect(),
            containers: services()
                .filter_map(|service| service.container_name.clone())
                .collect(),
            volumes: names(&self.volumes),
            networks: names(&self.networks),
            images: self
                .services
                .iter()
                .map(|(name, service)| service.image_name(&self.name, name))
                .collect(),
        }
    }

    /// The host ports that a plain `up` takes; ports that the engine chooses are left out, as are ranges.
    pub fn published(&self) -> Vec<PublishedPort> {
        self.expected()
            .flat_map(|(name, service)| service.ports.iter().map(move |port| (name, port)))
            .filter_map(|(name, port)| {
                let published = port.published.as_ref()?.parse().ok().filter(|p| *p != 0)?;
                Some(PublishedPort {
                    service: name.to_owned(),
                    address: port.host_ip.clone().unwrap_or_else(|| "0.0.0.0".to_owned()),
                    port: published,
                    protocol: port.protocol.clone(),
                })
            })
            .collect()
    }
}

fn tcp() -> String {
    "tcp".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ComposeModel {
        let json = r#"{
            "name": "p",
            "services": {
                "api": {"build": {"context": "."}, "container_name": "api-1", "deploy": {"resources": {}},
                        "ports": [{"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "published": "8000", "protocol": "tcp"},
                                  {"mode": "ingress", "target": 81, "protocol": "udp"}]},
                "none": {"image": "x:1", "scale": 0, "ports": [{"target": 1, "published": "1"}]},
                "load": {"image": "y:1", "profiles": ["loadtest"], "ports": [{"target": 2, "published": "2"}]}
            },
            "volumes": {"data": {"name": "p_data"}, "theirs": {"name": "theirs", "external": true}},
            "x-labctl": {"sources": ["../../services"]}
        }"#;
        let mut model: ComposeModel = serde_json::from_str(json).unwrap();
        model.started = ["api", "none"].map(str::to_owned).into();
        model
    }

    #[test]
    fn only_what_a_plain_up_starts_is_expected() {
        let names: Vec<_> = model()
            .expected()
            .map(|(name, _)| name.to_owned())
            .collect();
        assert_eq!(names, ["api"]);
    }

    #[test]
    fn ports_chosen_by_the_engine_are_not_published_ports() {
        let ports = model().published();
        assert_eq!(
            ports,
            [PublishedPort {
                service: "api".to_owned(),
                address: "127.0.0.1".to_owned(),
                port: 8000,
                protocol: "tcp".to_owned()
            }]
        );
    }

    #[test]
    fn names_are_the_labs_own() {
        let names = model().names();
        assert_eq!(names.volumes, ["data", "p_data"].map(str::to_owned).into());
        assert_eq!(names.containers, ["api-1".to_owned()].into());
        assert_eq!(
            names.images,
            ["p-api", "x:1", "y:1"].map(str::to_owned).into()
        );
    }

    #[test]
    fn a_built_service_has_the_image_name_that_compose_makes_up() {
        let model = model();
        assert_eq!(model.services["api"].image_name("p", "api"), "p-api");
        assert_eq!(model.services["load"].image_name("p", "load"), "y:1");
    }
}
