//! What is left of a project: found by Compose's labels, removed by force.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use labctl_engine::Residue;

use crate::{
    DockerError,
    engine::{Container, Engine},
};

/// Which volumes are the run's to remove.
#[derive(Debug, Clone, Default)]
pub(crate) struct Volumes {
    /// Those that were there before: never touched.
    pub(crate) kept: BTreeSet<String>,
    /// Those that the lab's containers were seen with, anonymous ones included.
    pub(crate) seen: BTreeSet<String>,
}

impl Volumes {
    /// Notes the volumes of these containers.
    pub(crate) fn see(&mut self, containers: &[Container]) {
        self.seen.extend(
            containers
                .iter()
                .flat_map(|container| container.volumes.iter().cloned()),
        );
    }
}

/// Removes everything of the project; says what was there.
///
/// # Errors
/// The engine cannot be asked. What cannot be removed is no error: [`left`] tells.
pub(crate) async fn sweep(
    engine: &Engine,
    project: &str,
    volumes: &Volumes,
) -> Result<Residue, DockerError> {
    let found = left(engine, project, volumes).await?;
    let containers = engine.containers(project).await?;
    join_all(containers.iter().map(|c| engine.remove_container(c))).await;
    join_all(found.networks.iter().map(|n| engine.remove_network(n))).await;
    join_all(found.volumes.iter().map(|v| engine.remove_volume(v))).await;
    Ok(found)
}

/// What there is of the project, by name.
///
/// # Errors
/// The engine cannot be asked.
pub(crate) async fn left(
    engine: &Engine,
    project: &str,
    volumes: &Volumes,
) -> Result<Residue, DockerError> {
    let (containers, networks, named, all) = tokio::try_join!(
        engine.containers(project),
        engine.networks(project),
        engine.volumes(project),
        engine.all_volumes()
    )?;
    let ours = named.union(&volumes.seen).cloned().collect::<BTreeSet<_>>();
    Ok(Residue {
        containers: containers.into_iter().map(|c| c.name).collect(),
        networks,
        volumes: ours
            .intersection(&all)
            .filter(|volume| !volumes.kept.contains(*volume))
            .cloned()
            .collect(),
    })
}

/// "2 containers, 1 network"; `None` where there is nothing.
pub(crate) fn count(residue: &Residue) -> Option<String> {
    let parts: Vec<String> = [
        (residue.containers.len(), "container"),
        (residue.networks.len(), "network"),
        (residue.volumes.len(), "volume"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_by_kind() {
        let residue = Residue {
            containers: vec!["a".to_owned(), "b".to_owned()],
            volumes: vec!["v".to_owned()],
            ..Residue::default()
        };
        assert_eq!(count(&residue).as_deref(), Some("2 containers, 1 volume"));
        assert_eq!(count(&Residue::default()), None);
    }
}
