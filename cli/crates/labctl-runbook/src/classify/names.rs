//! What belongs to a lab.

use std::collections::BTreeSet;

/// The names of a lab's own things, from its Compose model; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComposeNames {
    /// The project, which begins the names Compose makes up.
    pub project: String,
    /// Services.
    pub services: BTreeSet<String>,
    /// Containers with a name of their own (`container_name`).
    pub containers: BTreeSet<String>,
    /// Volumes: the keys under `volumes:` and the names they really have.
    pub volumes: BTreeSet<String>,
    /// Images that its services use or build.
    pub images: BTreeSet<String>,
    /// Networks: keys and real names.
    pub networks: BTreeSet<String>,
}

/// A kind of thing that Docker can remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Container,
    Volume,
    Image,
    Network,
}

impl ComposeNames {
    /// Whether that thing is the lab's own.
    pub(super) fn owns(&self, kind: Kind, name: &str) -> bool {
        let names = match kind {
            Kind::Container => {
                return self.containers.contains(name)
                    || self.services.contains(name)
                    || self.is_made_up_by_compose(name);
            }
            Kind::Volume => &self.volumes,
            Kind::Image => &self.images,
            Kind::Network => &self.networks,
        };
        names.contains(name)
            || self.is_made_up_by_compose(name)
            || (kind == Kind::Image && names.contains(&format!("{name}:latest")))
            || (kind == Kind::Image
                && name
                    .strip_suffix(":latest")
                    .is_some_and(|name| names.contains(name) || self.is_made_up_by_compose(name)))
    }

    /// `project_volume`, `project-service-1`, `project_default`.
    fn is_made_up_by_compose(&self, name: &str) -> bool {
        !self.project.is_empty()
            && name
                .strip_prefix(self.project.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.starts_with(['-', '_']))
    }
}
