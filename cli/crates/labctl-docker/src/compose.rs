//! Compose as a process: its version, the lab's model, up and down.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use labctl_engine::Lab;
use tokio::process::Command;

use crate::{
    ComposeModel, DockerError,
    process::{self, Finished},
};

/// The oldest version that does all a lab needs.
const OLDEST: (u32, u32) = (2, 20);
/// Commands that only read files.
const QUICK: Duration = Duration::from_secs(30);
/// Builds and pulls included.
const UP_DEADLINE: Duration = Duration::from_mins(15);
/// Ten seconds a service that does not hear SIGTERM, and some.
const DOWN_DEADLINE: Duration = Duration::from_mins(3);

/// The names that Compose looks for, in its order.
const FILE_NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

/// The Compose file that `docker compose` would load in that folder: there, or in the nearest folder above.
pub fn find_compose_file(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .flat_map(|above| FILE_NAMES.iter().map(move |name| above.join(name)))
        .find(|file| file.is_file())
}

/// `docker compose` in one lab's folder, with its environment.
#[derive(Debug, Clone)]
pub struct Compose {
    folder: PathBuf,
    env: BTreeMap<String, String>,
}

impl Compose {
    /// For that lab. Starts nothing.
    pub fn new(lab: &Lab) -> Self {
        Self {
            folder: lab.folder.clone(),
            env: lab.env.clone(),
        }
    }

    /// The plugin's version, such as `2.26.1-4`.
    ///
    /// # Errors
    /// [`DockerError::NoDocker`], [`DockerError::NoCompose`] and [`DockerError::OldCompose`].
    pub async fn version(&self) -> Result<String, DockerError> {
        let finished = self.run(&["version", "--short"], QUICK).await?;
        if !finished.is_success {
            return Err(DockerError::NoCompose);
        }
        let version = String::from_utf8_lossy(&finished.stdout).trim().to_owned();
        if is_new_enough(&version) {
            Ok(version)
        } else {
            Err(DockerError::OldCompose { version })
        }
    }

    /// The lab's model, overrides and every profile included.
    ///
    /// # Errors
    /// No Compose file; no Compose, or one too old; it refuses the file; its JSON is not what it should be.
    pub async fn model(&self) -> Result<ComposeModel, DockerError> {
        let file = find_compose_file(&self.folder).ok_or_else(|| DockerError::NoComposeFile {
            folder: self.folder.clone(),
        })?;
        let all = ["--profile", "*", "config", "--format", "json"];
        let (model, started) = tokio::join!(
            self.checked(&all, QUICK),
            self.checked(&["config", "--services"], QUICK)
        );
        let model = match model {
            Ok(model) => model,
            // Without the plugin it is `docker` that refuses, with words about a flag.
            Err(error) => return Err(self.version().await.err().unwrap_or(error)),
        };
        let mut model: ComposeModel =
            serde_json::from_slice(&model.stdout).map_err(|source| DockerError::Model {
                folder: self.folder.clone(),
                source,
            })?;
        model.started = String::from_utf8_lossy(&started?.stdout)
            .lines()
            .map(str::to_owned)
            .collect();
        file.parent()
            .unwrap_or(&self.folder)
            .clone_into(&mut model.folder);
        Ok(model)
    }

    /// `up --detach` for everything without a profile.
    ///
    /// # Errors
    /// [`DockerError::Image`] when an image cannot be had; otherwise what Compose said.
    pub(crate) async fn up(
        &self,
        model: &ComposeModel,
        is_build_wanted: bool,
        extra_env: &BTreeMap<String, String>,
    ) -> Result<(), DockerError> {
        let mut arguments = vec!["up", "--detach", "--remove-orphans"];
        if is_build_wanted {
            arguments.push("--build");
        }
        let mut command = self.command(&arguments);
        command.envs(extra_env);
        let finished = process::run(command, UP_DEADLINE).await?;
        if finished.is_success {
            return Ok(());
        }
        Err(
            missing_image(model, &finished).unwrap_or_else(|| DockerError::Compose {
                command: "docker compose up".to_owned(),
                said: finished.last_words(),
            }),
        )
    }

    /// `down` for every profile, orphans included; volumes as said.
    ///
    /// # Errors
    /// What Compose said.
    pub(crate) async fn down(&self, with_volumes: bool) -> Result<(), DockerError> {
        self.checked(down_arguments(with_volumes), DOWN_DEADLINE)
            .await
            .map(drop)
    }

    /// As [`Compose::down`], blocking, for a destructor; whether it succeeded.
    pub(crate) fn down_now(&self, with_volumes: bool) -> bool {
        let command = self.command(down_arguments(with_volumes));
        process::run_blocking(command, DOWN_DEADLINE)
    }

    /// `docker compose …` as a process that has not been started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .arg("compose")
            .args(arguments)
            .current_dir(&self.folder)
            .envs(&self.env);
        command
    }

    /// Where the engine is, as the docker command sees it (its environment and its contexts), such as
    /// `unix:///var/run/docker.sock`.
    ///
    /// # Errors
    /// [`DockerError::NoDocker`]; a context that is not there.
    pub(crate) async fn engine_host(&self) -> Result<String, DockerError> {
        let mut command = Command::new("docker");
        command
            .args(["context", "inspect", "--format"])
            .arg("{{.Endpoints.docker.Host}}")
            .envs(&self.env);
        let shown = process::shown(&command);
        let finished = process::run(command, QUICK).await?;
        if finished.is_success {
            Ok(String::from_utf8_lossy(&finished.stdout).trim().to_owned())
        } else {
            Err(DockerError::Compose {
                command: shown,
                said: finished.last_words(),
            })
        }
    }

    async fn run(&self, arguments: &[&str], deadline: Duration) -> Result<Finished, DockerError> {
        process::run(self.command(arguments), deadline).await
    }

    async fn checked(
        &self,
        arguments: &[&str],
        deadline: Duration,
    ) -> Result<Finished, DockerError> {
        let finished = self.run(arguments, deadline).await?;
        if finished.is_success {
            return Ok(finished);
        }
        Err(DockerError::Compose {
            command: format!("docker compose {}", arguments.join(" ")),
            said: finished.last_words(),
        })
    }
}

fn down_arguments(with_volumes: bool) -> &'static [&'static str] {
    let all = &["--profile", "*", "down", "--remove-orphans", "--volumes"];
    if with_volumes { all } else { &all[..4] }
}

/// Versions look like `2.26.1-4`, `v2.20.0` or `2.39.2-desktop.1`.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split(['.', '-', '+'])
        .map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    found >= OLDEST
}

/// Tells an image that cannot be had from other failures. Compose's progress names the service (`api Pulling`, then
/// `api Error …`), or the image in newer versions; where nothing may be pulled the engine names the image.
fn missing_image(model: &ComposeModel, finished: &Finished) -> Option<DockerError> {
    let said = |text: &str| finished.stderr.lines().rfind(|line| line.contains(text));
    model.expected().find_map(|(service, description)| {
        let image = description.image.as_deref()?;
        let failed_pull = |name: &str| {
            said(&format!("{name} Pulling"))?;
            said(&format!("{name} Error")).or_else(|| said("Error response from daemon"))
        };
        let line = failed_pull(service)
            .or_else(|| failed_pull(image))
            .or_else(|| said(&format!("No such image: {image}")))?;
        Some(DockerError::Image {
            image: image.to_owned(),
            service: service.to_owned(),
            said: line.trim().to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, expected: bool) {
        assert_eq!(is_new_enough(version), expected, "{version}");
    }

    #[test]
    fn versions_compare_by_number() {
        check("2.26.1-4", true);
        check("v2.20.0", true);
        check("2.39.2-desktop.1", true);
        check("5.0.0", true);
        check("2.19.1", false);
        check("2.3.4", false);
        check("1.29.2", false);
        check("dev", false);
    }

    #[test]
    fn an_image_that_may_not_be_pulled_is_named_too() {
        let json = r#"{"name": "p", "services": {"api": {"image": "a:1"}, "db": {"image": "labctl/db:1"}}}"#;
        let mut model: ComposeModel = serde_json::from_str(json).unwrap();
        model.started = ["api", "db"].map(str::to_owned).into();
        let finished = Finished {
            is_success: false,
            stdout: Vec::new(),
            stderr: "Error response from daemon: No such image: labctl/db:1\n".to_owned(),
        };
        let error = missing_image(&model, &finished).unwrap().to_string();
        assert!(
            error.starts_with("the image `labctl/db:1` of service `db` cannot be had"),
            "{error}"
        );
    }

    #[test]
    fn the_file_is_found_in_the_folder_or_above() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let file = folder.path().join("docker-compose.yml");
        std::fs::write(&file, "").unwrap();
        assert_eq!(find_compose_file(&below), Some(file));
        let nearer = below.join("compose.yaml");
        std::fs::write(&nearer, "").unwrap();
        assert_eq!(find_compose_file(&below), Some(nearer));
    }
}
