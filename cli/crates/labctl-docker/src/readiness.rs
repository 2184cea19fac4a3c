//! When a lab's services are ready: judged from what the engine says of each container.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum as Status, HealthStatusEnum as HealthStatus,
    RestartPolicyNameEnum as Policy,
};
use labctl_engine::NotReady;

use crate::{
    ComposeModel, DockerError,
    engine::{Container, Engine},
    logs,
};

/// How often the engine is asked; a question takes about 2 ms a container.
const POLL: Duration = Duration::from_millis(100);
/// Restarts while we wait, after which a service counts as crashing in a loop.
const LOOP: i64 = 5;
/// How long a container that crashed and has no health check must have been up again. Longer than what the crashes of
/// a loop leave between them.
const STEADY: Duration = Duration::from_secs(2);
/// How long a container without a health check must have been up: one that crashes at once runs for a moment too.
const STARTED: Duration = Duration::from_millis(500);
/// Log lines shown of a service that is not ready.
const LOG_LINES: usize = 20;

/// What is known of one container, as far as readiness depends on it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    status: Status,
    health: Option<HealthStatus>,
    exit_code: i64,
    /// Restarts by the engine, ever.
    restarts: i64,
    /// Restarts since the wait began.
    new_restarts: i64,
    policy: Policy,
    /// Restarts that the policy `on-failure` allows; 0 for any number.
    most_restarts: i64,
    /// The service publishes ports or has a health check: it is not one-shot.
    is_server: bool,
    /// Since it was last started.
    up: Duration,
}

/// What that means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Readiness {
    Ready,
    /// Not yet: why.
    Pending(String),
    /// Never by itself: why.
    Failed(String),
}

fn judge(seen: &Seen) -> Readiness {
    if seen.new_restarts >= LOOP && seen.health != Some(HealthStatus::HEALTHY) {
        return Readiness::Failed("restarting in a loop".to_owned());
    }
    match seen.status {
        Status::RUNNING => judge_running(seen),
        Status::EXITED => judge_exited(seen),
        Status::DEAD => Readiness::Failed("dead".to_owned()),
        other => Readiness::Pending(other.to_string()),
    }
}

fn judge_running(seen: &Seen) -> Readiness {
    match seen.health {
        Some(HealthStatus::HEALTHY) => Readiness::Ready,
        Some(HealthStatus::UNHEALTHY) => Readiness::Failed("unhealthy".to_owned()),
        Some(HealthStatus::STARTING) => Readiness::Pending("health: starting".to_owned()),
        _ if seen.restarts > 0 && seen.up < STEADY => {
            Readiness::Pending(format!("restarted {} times", seen.restarts))
        }
        _ if seen.up < STARTED => Readiness::Pending("just started".to_owned()),
        _ => Readiness::Ready,
    }
}

fn judge_exited(seen: &Seen) -> Readiness {
    let state = format!("exited with code {}", seen.exit_code);
    let has_given_up = match seen.policy {
        Policy::ALWAYS | Policy::UNLESS_STOPPED => false,
        Policy::ON_FAILURE => {
            seen.exit_code == 0 || seen.most_restarts > 0 && seen.restarts >= seen.most_restarts
        }
        Policy::NO | Policy::EMPTY => true,
    };
    if !has_given_up {
        Readiness::Pending(state)
    } else if seen.exit_code == 0 && !seen.is_server {
        Readiness::Ready
    } else {
        Readiness::Failed(state)
    }
}

/// Waits until every service that a plain `up` starts is ready.
///
/// # Errors
/// [`DockerError::NotReady`] at the deadline, or as soon as one cannot become ready by itself; the engine failed.
pub(crate) async fn wait(
    engine: &Engine,
    model: &ComposeModel,
    deadline: Duration,
) -> Result<(), DockerError> {
    let began = Instant::now();
    let mut restarts_before = BTreeMap::new();
    loop {
        let containers = engine.containers(&model.name).await?;
        let mut pending = Vec::new();
        let mut failed = Vec::new();
        for (name, service) in model.expected() {
            let is_server = service.healthcheck.is_some() || !service.ports.is_empty();
            let own: Vec<_> = containers
                .iter()
                .filter(|c| c.service == name && !c.is_one_off)
                .collect();
            if own.is_empty() {
                pending.push((name, None, "not created".to_owned()));
            }
            for container in own {
                let Some(seen) = look(engine, container, is_server, &mut restarts_before).await?
                else {
                    pending.push((name, None, "being removed".to_owned()));
                    continue;
                };
                match judge(&seen) {
                    Readiness::Ready => {}
                    Readiness::Pending(state) => pending.push((name, Some(container), state)),
                    Readiness::Failed(state) => failed.push((name, Some(container), state)),
                }
            }
        }
        if pending.is_empty() && failed.is_empty() {
            return Ok(());
        }
        let is_late = began.elapsed() >= deadline;
        if !failed.is_empty() || is_late {
            let mut services = Vec::new();
            let waiting = if failed.is_empty() { pending } else { failed };
            for (service, container, state) in waiting {
                services.push(explain(engine, service, container, state).await);
            }
            return Err(DockerError::NotReady {
                waited: began.elapsed(),
                services,
            });
        }
        tokio::time::sleep(POLL.min(deadline.saturating_sub(began.elapsed()))).await;
    }
}

/// What the engine says of one container; `None` if it is gone meanwhile.
async fn look(
    engine: &Engine,
    container: &Container,
    is_server: bool,
    restarts_before: &mut BTreeMap<String, i64>,
) -> Result<Option<Seen>, DockerError> {
    let inspected = match engine.docker.inspect_container(&container.id, None).await {
        Ok(inspected) => inspected,
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code: 404, ..
        }) => return Ok(None),
        Err(error) => {
            let doing = format!("inspect the container `{}`", container.name);
            return Err(DockerError::engine(doing)(error));
        }
    };
    let mut seen = seen(inspected, is_server);
    let before = *restarts_before
        .entry(container.id.clone())
        .or_insert(seen.restarts);
    seen.new_restarts = seen.restarts - before;
    Ok(Some(seen))
}

fn seen(inspected: ContainerInspectResponse, is_server: bool) -> Seen {
    let state = inspected.state.unwrap_or_default();
    let policy = inspected
        .host_config
        .and_then(|host| host.restart_policy)
        .unwrap_or_default();
    let started = state
        .started_at
        .and_then(|text| humantime::parse_rfc3339(&text).ok());
    Seen {
        status: state.status.unwrap_or(Status::EMPTY),
        health: state
            .health
            .and_then(|health| health.status)
            .filter(|status| !matches!(status, HealthStatus::NONE | HealthStatus::EMPTY)),
        exit_code: state.exit_code.unwrap_or_default(),
        restarts: inspected.restart_count.unwrap_or_default(),
        new_restarts: 0,
        policy: policy.name.unwrap_or(Policy::EMPTY),
        most_restarts: policy.maximum_retry_count.unwrap_or_default(),
        is_server,
        up: started
            .and_then(|started| started.elapsed().ok())
            .unwrap_or_default(),
    }
}

async fn explain(
    engine: &Engine,
    service: &str,
    container: Option<&Container>,
    state: String,
) -> NotReady {
    let log_tail = match container {
        Some(container) => logs::last_lines(engine, container, LOG_LINES).await,
        None => String::new(),
    };
    NotReady {
        service: service.to_owned(),
        state,
        log_tail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Seen {
        Seen {
            status: Status::RUNNING,
            health: None,
            exit_code: 0,
            restarts: 0,
            new_restarts: 0,
            policy: Policy::NO,
            most_restarts: 0,
            is_server: false,
            up: Duration::from_secs(1),
        }
    }

    fn exited(exit_code: i64) -> Seen {
        Seen {
            status: Status::EXITED,
            exit_code,
            ..running()
        }
    }

    #[track_caller]
    fn ready(seen: &Seen) {
        assert_eq!(judge(seen), Readiness::Ready);
    }

    #[track_caller]
    fn pending(seen: &Seen, state: &str) {
        assert_eq!(judge(seen), Readiness::Pending(state.to_owned()));
    }

    #[track_caller]
    fn failed(seen: &Seen, state: &str) {
        assert_eq!(judge(seen), Readiness::Failed(state.to_owned()));
    }

    fn with_health(health: HealthStatus) -> Seen {
        Seen {
            health: Some(health),
            ..running()
        }
    }

    #[test]
    fn a_service_with_a_health_check_is_ready_when_healthy() {
        ready(&with_health(HealthStatus::HEALTHY));
        pending(&with_health(HealthStatus::STARTING), "health: starting");
        failed(&with_health(HealthStatus::UNHEALTHY), "unhealthy");
    }

    #[test]
    fn a_service_without_one_is_ready_when_it_runs() {
        ready(&running());
        let young = Seen {
            up: Duration::from_millis(20),
            ..running()
        };
        pending(&young, "just started");
    }

    #[test]
    fn in_any_other_state_it_is_not_however_well_it_was() {
        for (status, state) in [
            (Status::EMPTY, ""),
            (Status::CREATED, "created"),
            (Status::PAUSED, "paused"),
            (Status::RESTARTING, "restarting"),
            (Status::REMOVING, "removing"),
        ] {
            let healthy = with_health(HealthStatus::HEALTHY);
            pending(&Seen { status, ..healthy }, state);
        }
        let dead = Seen {
            status: Status::DEAD,
            ..running()
        };
        failed(&dead, "dead");
    }

    #[test]
    fn a_one_shot_service_is_ready_when_it_ended_well() {
        ready(&exited(0));
        failed(&exited(3), "exited with code 3");
    }

    #[test]
    fn a_server_that_ended_well_is_not_ready() {
        let server = Seen {
            is_server: true,
            ..exited(0)
        };
        failed(&server, "exited with code 0");
    }

    #[test]
    fn a_service_that_the_engine_restarts_is_awaited() {
        for policy in [Policy::ALWAYS, Policy::UNLESS_STOPPED, Policy::ON_FAILURE] {
            let seen = Seen {
                policy,
                restarts: 3,
                ..exited(1)
            };
            pending(&seen, "exited with code 1");
        }
        let ended_well = Seen {
            policy: Policy::ALWAYS,
            ..exited(0)
        };
        pending(&ended_well, "exited with code 0");
    }

    #[test]
    fn on_failure_gives_up_after_its_restarts_or_when_it_ended_well() {
        ready(&Seen {
            policy: Policy::ON_FAILURE,
            ..exited(0)
        });
        let seen = Seen {
            policy: Policy::ON_FAILURE,
            most_restarts: 2,
            ..exited(1)
        };
        pending(&seen, "exited with code 1");
        failed(
            &Seen {
                restarts: 2,
                ..seen
            },
            "exited with code 1",
        );
    }

    #[test]
    fn a_crash_loop_is_recognised_between_two_crashes() {
        let once = Seen {
            restarts: 1,
            policy: Policy::ALWAYS,
            ..running()
        };
        pending(&once, "restarted 1 times");
        ready(&Seen {
            up: STEADY,
            ..once.clone()
        });
        failed(
            &Seen {
                new_restarts: LOOP,
                ..once
            },
            "restarting in a loop",
        );
    }

    #[test]
    fn a_healthy_service_may_have_restarted() {
        ready(&Seen {
            restarts: LOOP,
            new_restarts: LOOP,
            ..with_health(HealthStatus::HEALTHY)
        });
    }

    fn inspected(json: &str) -> Seen {
        seen(serde_json::from_str(json).unwrap(), true)
    }

    #[test]
    fn what_the_engine_says_is_taken_over() {
        let told = inspected(
            r#"{"State": {"Status": "exited", "ExitCode": 3, "Health": {"Status": "starting"},
                "StartedAt": "2020-01-01T00:00:00.5Z"}, "RestartCount": 2,
                "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 4}}}"#,
        );
        assert!(told.up > Duration::from_hours(24));
        assert_eq!(
            told,
            Seen {
                status: Status::EXITED,
                health: Some(HealthStatus::STARTING),
                exit_code: 3,
                restarts: 2,
                new_restarts: 0,
                policy: Policy::ON_FAILURE,
                most_restarts: 4,
                is_server: true,
                up: told.up,
            }
        );
    }

    #[test]
    fn what_the_engine_does_not_say_is_never_ready() {
        for json in [
            "{}",
            r#"{"State": {"Health": {"Status": "healthy"}}}"#,
            r#"{"State": {"Status": "running"}}"#,
        ] {
            assert_ne!(judge(&inspected(json)), Readiness::Ready, "{json}");
        }
        let without_check = inspected(r#"{"State": {"Health": {"Status": "none"}}}"#);
        assert_eq!(without_check.health, None);
    }
}
