//! A lab for one test: a folder, a Compose project, a state folder; gone when the test ends, however it ends.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use labctl_docker::{DockerRuntime, Settings};
use labctl_engine::{Lab, Runtime, RuntimeError};

/// The image that every test lab runs.
pub(crate) const IMAGE: &str = "labctl-test/actor:3";

/// Long enough on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) struct TestLab {
    folder: tempfile::TempDir,
    pub(crate) project: String,
}

impl TestLab {
    /// A lab with these services: YAML below `services:`, where `IMAGE` stands for the test image.
    pub(crate) fn new(services: &str) -> Self {
        ensure_image();
        let folder = tempfile::Builder::new()
            .prefix("labctl-test-")
            .rand_bytes(8)
            .tempdir()
            .unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        let lab = Self {
            project: name.to_lowercase(),
            folder,
        };
        lab.write(services);
        lab
    }

    pub(crate) fn write(&self, services: &str) {
        let services = services.replace("IMAGE", IMAGE);
        let yaml = format!("name: {}\nservices:\n{services}\n", self.project);
        fs::write(self.path().join("compose.yaml"), yaml).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn lab(&self) -> Lab {
        self.lab_with(&[])
    }

    pub(crate) fn lab_with(&self, env: &[(&str, &str)]) -> Lab {
        Lab {
            name: "test-lab".to_owned(),
            folder: self.path().to_owned(),
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    /// A runtime whose state is the lab's own.
    pub(crate) fn runtime(&self) -> DockerRuntime {
        DockerRuntime::new(Settings {
            state_folder: self.path().join("state"),
        })
    }

    /// Types `docker compose …` in the lab's folder.
    pub(crate) fn compose(&self, arguments: &[&str]) {
        let status = Command::new("docker")
            .arg("compose")
            .args(arguments)
            .current_dir(self.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "docker compose {arguments:?}");
    }

    /// What the engine has of the project: containers, networks and volumes, by name.
    pub(crate) fn things(&self) -> Vec<String> {
        let label = format!("label=com.docker.compose.project={}", self.project);
        [
            vec!["ps", "-aq", "--filter", &label],
            vec!["network", "ls", "-q", "--filter", &label],
            vec!["volume", "ls", "-q", "--filter", &label],
        ]
        .iter()
        .flat_map(|arguments| {
            docker(arguments)
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
    }

    /// Claims the lab and brings it up.
    pub(crate) async fn try_up(&self, runtime: &mut DockerRuntime) -> Result<(), RuntimeError> {
        runtime.claim(&self.lab()).await?;
        runtime.bring_up(&self.lab()).await
    }
}

impl Drop for TestLab {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["compose", "-p", &self.project, "--profile", "*"])
            .args(["down", "--volumes", "--remove-orphans", "--timeout", "0"])
            .current_dir(self.path())
            .output();
        for id in self.things() {
            for kind in ["container", "network", "volume"] {
                let _ = Command::new("docker")
                    .args([kind, "rm", "-f", &id])
                    .output();
            }
        }
    }
}

pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The error with its cause, as a person would see it.
pub(crate) fn told(error: &RuntimeError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Compiles the actor and builds its image once; both stay.
fn ensure_image() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let here = Command::new("docker")
            .args(["image", "inspect", IMAGE])
            .output();
        if here.unwrap().status.success() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let compiled = Command::new("rustc")
            .args([
                "--edition",
                "2024",
                "-O",
                "-C",
                "target-feature=+crt-static",
                "-o",
            ])
            .arg(folder.path().join("actor"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/actor.rs"))
            .status();
        assert!(compiled.unwrap().success(), "the actor does not compile");
        let dockerfile = "FROM scratch\nCOPY actor /actor\nVOLUME /data\nSTOPSIGNAL SIGKILL\nENTRYPOINT [\"/actor\"]\n";
        fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
        docker(&["build", "-q", "-t", IMAGE, folder.path().to_str().unwrap()]);
    });
}
