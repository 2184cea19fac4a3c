//! What Docker gets to see of the repository when it builds our images itself, as it does where there is a registry.

use std::{
    fs,
    process::{self, Command},
};

use tempfile::TempDir;

use crate::lab::root;

/// The context as an image, which goes with the test.
struct ContextImage {
    folder: TempDir,
    project: String,
}

impl ContextImage {
    fn build() -> Self {
        let image = Self {
            folder: tempfile::tempdir().unwrap(),
            project: format!("labctl-context-{}", process::id()),
        };
        let compose = format!(
            "services:\n  context:\n    image: {}\n    build:\n      context: {}\n      dockerfile_inline: |\n        FROM scratch\n        COPY . /\n        CMD [\"never run\"]\n",
            image.project,
            root().display(),
        );
        fs::write(image.folder.path().join("compose.yaml"), compose).unwrap();
        run(image.compose().args(["build", "--quiet"]));
        image
    }

    /// Lays the context out in a folder of its own.
    fn unpack(&self) -> TempDir {
        let out = tempfile::tempdir().unwrap();
        run(self.compose().args(["create", "--no-build"]));
        run(self.compose().args(["cp", "context:/."]).arg(out.path()));
        out
    }

    fn compose(&self) -> Command {
        let mut command = Command::new("docker");
        command
            .current_dir(self.folder.path())
            .args(["compose", "--project-name", &self.project]);
        command
    }
}

impl Drop for ContextImage {
    fn drop(&mut self) {
        let _ = self
            .compose()
            .args(["down", "--rmi", "all", "--volumes"])
            .output();
    }
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn docker_sees_a_whole_workspace_and_no_tests() {
    let context = ContextImage::build().unpack();
    let metadata = run(Command::new(env!("CARGO"))
        .current_dir(context.path())
        .args([
            "metadata",
            "--locked",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ]));
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages: Vec<_> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    assert!(packages.contains(&"product-service"), "{packages:?}");
    assert!(!context.path().join("cli/tests").exists());
    assert!(!context.path().join("snapshots/08-cache-aside").exists());
}
