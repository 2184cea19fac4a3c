//! What one service is like, for a claim about it.

use std::time::{Duration, SystemTime};

use bollard::models::ContainerStateStatusEnum as Status;
use labctl_runbook::ServiceObservation;

use crate::{DockerError, engine::Container, logs, runtime::Connected};

/// For the whole answer, log lines included.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

impl Connected {
    /// What the service of this name is like now, or the service whose container has this name.
    ///
    /// # Errors
    /// No such service; several containers; the engine failed, or was too slow.
    pub(crate) async fn observe(
        &self,
        name: &str,
        wanted_logs: Option<(SystemTime, usize)>,
    ) -> Result<ServiceObservation, DockerError> {
        let work = async {
            let Some(container) = self.container_of(name).await? else {
                return Ok(ServiceObservation {
                    state: "not created".to_owned(),
                    ..ServiceObservation::default()
                });
            };
            let mut seen = self.inspect(&container).await?;
            if let Some((since, limit)) = wanted_logs {
                let kept = logs::of_one(&self.engine, &container, since, limit).await?;
                seen.logs = Some(kept.text());
            }
            Ok(seen)
        };
        let answer = tokio::time::timeout(ANSWER_DEADLINE, work).await;
        answer.unwrap_or_else(|_| {
            Err(DockerError::NoAnswer {
                asked: format!("service `{name}`"),
                waited: ANSWER_DEADLINE,
            })
        })
    }

    /// Its one container; `None` if it has none.
    async fn container_of(&self, name: &str) -> Result<Option<Container>, DockerError> {
        let mut containers = self.service_containers().await?;
        let services = &self.model.services;
        let is_named_so = |container: &Container| container.name == name;
        if services.contains_key(name) {
            containers.retain(|container| container.service == name);
        } else {
            let is_known = services
                .values()
                .any(|service| service.container_name.as_deref() == Some(name));
            containers.retain(is_named_so);
            if containers.is_empty() && !is_known {
                return Err(DockerError::NoSuchService {
                    service: name.to_owned(),
                    known: services.keys().cloned().collect(),
                });
            }
        }
        if containers.len() > 1 {
            return Err(DockerError::SeveralContainers {
                service: name.to_owned(),
                containers: containers.into_iter().map(|c| c.name).collect(),
            });
        }
        Ok(containers.pop())
    }

    async fn inspect(&self, container: &Container) -> Result<ServiceObservation, DockerError> {
        let inspected = self
            .engine
            .docker
            .inspect_container(&container.id, None)
            .await
            .map_err(DockerError::engine(format!(
                "inspect the container `{}`",
                container.name
            )))?;
        let state = inspected.state.unwrap_or_default();
        let has_ended = matches!(state.status, Some(Status::EXITED | Status::DEAD));
        let health = state.health.and_then(|health| health.status);
        let count = inspected.restart_count.unwrap_or_default();
        Ok(ServiceObservation {
            state: state
                .status
                .map(|status| status.to_string())
                .unwrap_or_default(),
            exit_code: state.exit_code.filter(|_| has_ended),
            health: health
                .map(|status| status.to_string())
                .filter(|status| !status.is_empty() && status != "none"),
            restarts: Some(u64::try_from(count).unwrap_or_default()),
            logs: None,
        })
    }
}
