//! What this machine lacks to run labs, with the command that mends it.

use labctl_engine::Lab;

use crate::{
    Compose, ComposeModel, DockerError, DockerRuntime, engine::Engine, find_compose_file, ports,
};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What, such as "Docker engine" or "image `redis:7.2-alpine`".
    pub name: String,
    /// How it is.
    pub state: CheckState,
}

/// How a thing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckState {
    /// As it should be: what was found.
    Good(String),
    /// It works for now: what a person should know.
    Doubtful(String),
    /// A lab cannot run: what is wrong, and the command that mends it.
    Bad(String),
}

impl DockerRuntime {
    /// Looks at Docker, its Compose plugin, and each lab's images and ports. Changes nothing.
    pub async fn doctor(&self, labs: &[Lab]) -> Vec<Check> {
        let here = Lab {
            name: String::new(),
            folder: ".".into(),
            env: labs.first().map(|lab| lab.env.clone()).unwrap_or_default(),
        };
        let compose = Compose::new(&here);
        let engine = match compose.engine_host().await {
            Ok(host) => Engine::connect(&host).await,
            Err(error) => Err(error),
        };
        let version = compose.version().await;
        let mut checks = vec![
            check("Docker engine", engine_found(&engine).await),
            check(
                "Docker Compose",
                version.as_ref().map(String::clone).map_err(told),
            ),
        ];
        if let (Ok(engine), Ok(_)) = (&engine, &version) {
            for lab in labs {
                if find_compose_file(&lab.folder).is_some() {
                    for check in lab_checks(engine, lab).await {
                        // Labs share images.
                        if !checks.contains(&check) {
                            checks.push(check);
                        }
                    }
                }
            }
        }
        checks
    }
}

async fn engine_found(engine: &Result<Engine, DockerError>) -> Result<String, String> {
    let engine = engine.as_ref().map_err(told)?;
    let version = engine.docker.version().await.map_err(|e| e.to_string())?;
    Ok(version.version.unwrap_or_default())
}

async fn lab_checks(engine: &Engine, lab: &Lab) -> Vec<Check> {
    let model = match Compose::new(lab).model().await {
        Ok(model) => model,
        Err(error) => return vec![check(&format!("lab {}", lab.name), Err(told(&error)))],
    };
    let mut checks = Vec::new();
    for (service, description) in &model.services {
        if description.profiles.iter().any(|p| p == "cannot-be-had") {
            checks.push(Check {
                name: format!("service `{service}` (lab {})", lab.name),
                state: CheckState::Doubtful(
                    "left out: its image cannot be had on this machine".to_owned(),
                ),
            });
            continue;
        }
        let image = description.image_name(&model.name, service);
        let name = format!("image `{image}`");
        let state = match engine.docker.inspect_image(&image).await {
            Ok(_) => CheckState::Good("here".to_owned()),
            Err(_) if description.build.is_some() => {
                CheckState::Doubtful("will be built at the first start".to_owned())
            }
            Err(_) => CheckState::Doubtful(
                "not here: will be pulled at the first start; without a registry, run `ci/setup`"
                    .to_owned(),
            ),
        };
        checks.push(Check { name, state });
    }
    checks.push(Check {
        name: format!("ports (lab {})", lab.name),
        state: ports_state(engine, &model).await,
    });
    checks
}

async fn ports_state(engine: &Engine, model: &ComposeModel) -> CheckState {
    let taken = async {
        let own = engine.containers(&model.name).await?;
        ports::taken(engine, &own, &model.published()).await
    };
    match taken.await {
        Ok(taken) if taken.is_empty() => CheckState::Good("free".to_owned()),
        Ok(taken) => CheckState::Bad(taken.join("; ")),
        Err(error) => CheckState::Bad(told(&error)),
    }
}

fn check(name: &str, found: Result<String, String>) -> Check {
    Check {
        name: name.to_owned(),
        state: found.map_or_else(CheckState::Bad, CheckState::Good),
    }
}

/// An error with its cause, in one line.
fn told(error: &DockerError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
