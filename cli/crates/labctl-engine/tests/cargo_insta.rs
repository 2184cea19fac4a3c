//! The real cargo-insta works on the snapshots that a session leaves.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use labctl_engine::{
    Event, Lab, LabReport, LabRun, NoRuntime, Outcome, ProcessShell, Reporter, SearchPath, Secrets,
    SnapshotFolder, SnapshotOutcome, pending_in, verify_lab,
};
use labctl_runbook::{Action, Part, Plan, Runbook, Step, expect::SnapshotMode};
use tokio_util::sync::CancellationToken;

/// A workspace like this repository: no package at its root, one in `snapshots/`.
struct Workspace {
    folder: tempfile::TempDir,
}

struct Silent;

impl Reporter for Silent {
    fn handle(&mut self, _event: &Event<'_>) {}
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("snapshots")).unwrap();
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"snapshots\"]\n",
        );
        write(
            "snapshots/Cargo.toml",
            "[package]\nname = \"s\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n",
        );
        write("snapshots/lib.rs", "");
        Self { folder }
    }

    fn lab_folder(&self) -> PathBuf {
        self.folder.path().join("snapshots/08 demo")
    }

    /// What a session comes to in which the block `Read it` prints this.
    async fn verify(&self, prints: &str) -> LabReport {
        let mut runbook = Runbook::parse(&format!(
            "```bash {{\"name\": \"Read it\"}}\nread -r line < line || true; echo \"$line\"\n```\n# {prints}\n"
        ));
        fs::write(self.folder.path().join("line"), format!("{prints}\n")).unwrap();
        runbook.blocks[0].expectations.snapshot = SnapshotMode::Stdout;
        let plan = Plan {
            steps: vec![Step {
                block: 0,
                action: Action::Run,
                part: Part::Ordinary,
                deadline: std::time::Duration::from_mins(5),
            }],
            left_out: 0,
        };
        let path = std::env::var_os("PATH").unwrap();
        let run = LabRun {
            lab: Lab {
                name: "08".into(),
                folder: self.folder.path().into(),
                env: [].into(),
            },
            path: "runbooks/08 demo.md".into(),
            runbook: &runbook,
            plan: &plan,
            brings_up: false,
            keeps_failed: false,
            fails_fast: false,
            deadline: LabRun::DEADLINE,
            snapshots: Some(SnapshotFolder {
                path: self.lab_folder(),
                source: "runbooks/08 demo.md".into(),
                is_read_only: false,
            }),
            search_path: SearchPath::new(&path),
            secrets: Secrets::default(),
            traces: None,
        };
        let env = [("PATH".to_owned(), path.into_string().unwrap())];
        let mut shell = ProcessShell::new(env).unwrap();
        let cancel = CancellationToken::new();
        verify_lab::<_, NoRuntime>(&run, &mut shell, None, &mut Silent, &cancel).await
    }

    /// What cargo-insta says.
    fn insta(&self, arguments: &[&str]) -> String {
        let output = Command::new(cargo_insta())
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("CI")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(output.status.success(), "{text}");
        text
    }
}

/// The one in `target/tools`, else the one on the `PATH`.
fn cargo_insta() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let own = root.join("target/tools/bin/cargo-insta");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = if own.exists() {
        Some(own)
    } else {
        SearchPath::new(&path).find("cargo-insta")
    };
    found.expect("no cargo-insta: `ci/setup tests` installs it into target/tools")
}

#[tokio::test]
async fn cargo_insta_lists_accepts_and_rejects_what_a_session_left() {
    let workspace = Workspace::new();
    let report = workspace.verify("HIT").await;
    assert_eq!(report.steps[0].outcome, Outcome::Failed, "{report:?}");
    let listed = workspace.insta(&["pending-snapshots"]);
    assert!(
        listed.contains("snapshots/08 demo/%52ead%20it.snap"),
        "{listed}"
    );

    workspace.insta(&["accept"]);
    assert_eq!(pending_in(&workspace.lab_folder()).unwrap(), []);
    let report = workspace.verify("HIT").await;
    assert_eq!(
        report.steps[0].snapshot,
        Some(SnapshotOutcome::Matched),
        "{report:?}"
    );

    let report = workspace.verify("MISS").await;
    assert!(matches!(
        report.steps[0].snapshot,
        Some(SnapshotOutcome::Differed { .. })
    ));
    let shown = workspace.insta(&["review", "--snapshot", "snapshots/08 demo/%52ead%20it.snap"]);
    assert!(shown.contains("HIT") && shown.contains("MISS"), "{shown}");
    workspace.insta(&["reject"]);
    assert_eq!(pending_in(&workspace.lab_folder()).unwrap(), []);
    assert_eq!(
        workspace.verify("HIT").await.steps[0].outcome,
        Outcome::Passed
    );
}
