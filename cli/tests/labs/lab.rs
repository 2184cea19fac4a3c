//! A lab for one test: a state folder of its own, and nothing of the lab before the test or after it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use assert_cmd::Command;
use tempfile::TempDir;

use crate::said::labctl;

/// The lab that most tests use.
pub(crate) const CACHE_ASIDE: &str = "08-cache-aside";

/// A lab, this test's alone. Dropped, whatever is up of it goes.
#[derive(Debug)]
pub(crate) struct Lab {
    slug: &'static str,
    folder: TempDir,
}

impl Lab {
    /// # Panics
    /// The lab is up: somebody else uses it, and the test must not take it down.
    #[track_caller]
    pub(crate) fn new(slug: &'static str) -> Self {
        let lab = Self {
            slug,
            folder: tempfile::tempdir().unwrap(),
        };
        let up = lab.things();
        assert!(
            up.is_empty(),
            "lab {slug} is in use; `docker compose down -v` in {} ends that: {up:?}",
            lab.compose_folder()
        );
        lab
    }

    pub(crate) fn slug(&self) -> &'static str {
        self.slug
    }

    /// Its folder with the Compose file, from the repository's root.
    pub(crate) fn compose_folder(&self) -> String {
        format!("compose/{}", self.slug)
    }

    /// `labctl ARGS`, typed in the repository.
    pub(crate) fn labctl(&self, args: &[&str]) -> Command {
        let mut command = labctl();
        command
            .current_dir(root())
            .env("XDG_STATE_HOME", self.folder())
            .timeout(Duration::from_mins(5))
            .args(args);
        command
    }

    /// The same, to be run in the background.
    pub(crate) fn process(&self, args: &[&str]) -> process::Command {
        let mut command = process::Command::new(assert_cmd::cargo::cargo_bin("labctl"));
        command
            .current_dir(root())
            .env_remove("CI")
            .env("NO_COLOR", "1")
            .env("XDG_STATE_HOME", self.folder())
            .args(args);
        command
    }

    /// A folder that goes with the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `docker compose ARGS`, typed in the lab's folder.
    pub(crate) fn compose(&self, args: &[&str]) -> process::Command {
        let mut command = process::Command::new("docker");
        command
            .arg("compose")
            .args(args)
            .current_dir(root().join(self.compose_folder()));
        command
    }

    /// Nothing of the lab is there.
    #[track_caller]
    pub(crate) fn assert_gone(&self) {
        assert_eq!(self.things(), Vec::<String>::new(), "left behind");
    }

    /// Containers, networks and volumes of the lab's project, by id.
    pub(crate) fn things(&self) -> Vec<String> {
        let label = format!("label=com.docker.compose.project=lab{}", self.slug);
        [&["ps", "-a"][..], &["network", "ls"], &["volume", "ls"]]
            .iter()
            .flat_map(|list| {
                let output = process::Command::new("docker")
                    .args(*list)
                    .args(["-q", "--filter", &label])
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "docker {list:?}: {said}");
                let ids = String::from_utf8(output.stdout).unwrap();
                ids.lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    /// The Compose files of the lab and this one after them, as `COMPOSE_FILE` wants them.
    pub(crate) fn compose_files(&self, more: &Path) -> OsString {
        let folder = root().join(self.compose_folder()).canonicalize().unwrap();
        let own = ["compose.yaml", "compose.override.yaml"].map(|name| folder.join(name));
        let there = own.into_iter().filter(|file| file.is_file());
        env::join_paths(there.chain([more.to_owned()])).unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let down = [
            "--profile",
            "*",
            "down",
            "--volumes",
            "--remove-orphans",
            "--timeout",
            "0",
        ];
        let _ = self.compose(&down).output();
    }
}

/// The repository this test was built in.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Removes an image that a test had built.
pub(crate) fn remove_image(name: &str) {
    let removed = process::Command::new("docker")
        .args(["image", "rm", name])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&removed.stderr);
    assert!(removed.status.success(), "docker image rm {name}: {said}");
}
