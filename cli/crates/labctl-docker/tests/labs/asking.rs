//! Claims about services, played against real ones.

use std::fmt::Write as _;

use labctl_docker::find_compose_file;
use labctl_engine::{
    Event, LabReport, LabRun, Outcome, ProcessShell, Reporter, SearchPath, Secrets, verify_lab,
};
use labctl_runbook::{LabFacts, Plan, Runbook, Verdict, VerifyOptions};
use tokio_util::sync::CancellationToken;

use crate::fixture::TestLab;

const SERVICES: &str = r#"  api:
    image: IMAGE
    command: [mortal, opened]
    restart: always
    healthcheck: {test: [CMD, /actor, exit, "0"], interval: 200ms}
  plain: {image: IMAGE, command: [serve, up], container_name: PROJECT-by-name}
  migrate: {image: IMAGE, command: [exit, "0", migrated]}
  pair: {image: IMAGE, command: [serve, up], scale: 2}
  load: {image: IMAGE, command: [exit, "3"], profiles: [loadtest]}"#;

struct Silent;

impl Reporter for Silent {
    fn handle(&mut self, _event: &Event<'_>) {}
}

/// A lab of all of them.
fn lab() -> TestLab {
    let lab = TestLab::new(SERVICES);
    lab.write(&SERVICES.replace("PROJECT", &lab.project));
    lab
}

/// Plays a page of these blocks, each with its code and its claims.
async fn verify(lab: &TestLab, blocks: &[(&str, &str)]) -> LabReport {
    let mut page = String::new();
    for (code, claims) in blocks {
        let _ = write!(page, "```bash\n{code}\n```\n<!-- expect\n{claims}\n-->\n\n");
    }
    let runbook = Runbook::parse(&page);
    assert_eq!(runbook.diagnostics, []);
    let plan = Plan::for_verify(&runbook, &LabFacts::default(), &VerifyOptions::default());
    assert!(find_compose_file(lab.path()).is_some());
    let run = LabRun {
        lab: lab.lab(),
        path: "page.md".into(),
        runbook: &runbook,
        plan: &plan,
        brings_up: true,
        keeps_failed: false,
        fails_fast: false,
        deadline: LabRun::DEADLINE,
        snapshots: None,
        search_path: SearchPath::default(),
        secrets: Secrets::default(),
        traces: None,
    };
    let mut shell = ProcessShell::new([]).unwrap();
    let mut runtime = lab.runtime();
    let (mut reporter, cancel) = (Silent, CancellationToken::new());
    let played = verify_lab(&run, &mut shell, Some(&mut runtime), &mut reporter, &cancel);
    let report = Box::pin(played).await;
    assert_eq!(report.errors, [""; 0]);
    report
}

/// Every claim of the step, held or why not.
fn told(report: &LabReport, step: usize) -> Vec<String> {
    let judgements = report.steps[step].judgements.iter();
    judgements
        .filter(|judgement| judgement.claim.starts_with("service"))
        .map(|judgement| match &judgement.verdict {
            Verdict::Held => format!("held: {}", judgement.claim),
            Verdict::Failed(seen) => format!("failed: {seen}"),
            Verdict::Errored(why) => format!("errored: {why}"),
        })
        .collect()
}

#[tokio::test]
async fn a_crash_is_one_restart_and_the_log_is_the_blocks_own() {
    let lab = lab();
    let crash = "service api restarts == 1 within 20s\n\
                 service api state == \"running\" within 20s\n\
                 service api health == \"healthy\" within 20s\n\
                 service api logs == \"opened\" within 20s\n\
                 service api restarts == 1";
    let calm = "service api restarts == 1\nservice api logs is empty\nservice api restarts == 2 within 300ms";
    let report = verify(
        &lab,
        &[
            ("docker compose exec -T api /actor kill", crash),
            ("true", calm),
        ],
    )
    .await;
    assert_eq!(
        report.steps[0].outcome,
        Outcome::Passed,
        "{:?}",
        told(&report, 0)
    );
    let after = report.steps[0].judgements[1].after;
    assert!(after.is_some_and(|after| !after.is_zero()), "{after:?}");
    assert_eq!(
        told(&report, 1),
        [
            "held: service api restarts == 1",
            "held: service api logs is empty",
            "failed: it was 1"
        ]
    );
    assert_eq!(report.steps[1].outcome, Outcome::Failed);
}

#[tokio::test]
async fn what_a_service_has_none_of_is_said() {
    let lab = lab();
    let by_name = format!("{}-by-name", lab.project);
    let claims = format!(
        "service migrate exit == 0\n\
         service migrate exit == 1\n\
         service migrate state == \"exited\"\n\
         service api exit == 0\n\
         service plain health == \"healthy\"\n\
         service {by_name} state == \"running\"\n\
         service load state == \"not created\"\n\
         service load restarts == 0\n\
         service pair state == \"running\"\n\
         service {project}-pair-2 state == \"running\"\n\
         service apl state == \"running\" within 1h",
        project = lab.project
    );
    let down = "service plain state == \"not created\"";
    let blocks = [("true", claims.as_str()), ("docker compose down", down)];
    let report = verify(&lab, &blocks).await;
    let pair = format!("{0}-pair-1, {0}-pair-2", lab.project);
    assert_eq!(
        told(&report, 0),
        [
            "held: service migrate exit == 0",
            "failed: it was 0",
            "held: service migrate state == \"exited\"",
            "failed: it is running",
            "failed: it has no health check",
            &format!("held: service {by_name} state == \"running\""),
            "held: service load state == \"not created\"",
            "failed: it is not created",
            &format!("errored: service `pair` has 2 containers: name one of {pair}"),
            &format!("held: service {}-pair-2 state == \"running\"", lab.project),
            "errored: no service named `apl`; there are api, load, migrate, pair, plain",
        ]
    );
    assert_eq!(told(&report, 1), [format!("held: {down}")]);
}
