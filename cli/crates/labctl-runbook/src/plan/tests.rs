use super::*;
use crate::{ComposeNames, Runbook, expect::Role};

/// A document with these fences: name, code.
fn document(blocks: &[(&str, &str)]) -> String {
    let fences: Vec<String> = blocks
        .iter()
        .map(|(name, code)| format!("```bash {{\"name\": \"{name}\"}}\n{code}\n```\n\n"))
        .collect();
    fences.concat()
}

fn lab_08() -> LabFacts {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    LabFacts {
        compose: ComposeNames {
            project: "08-cache-aside".to_owned(),
            services: names(&[
                "lab08-redis",
                "lab08-postgres",
                "lab08-product-service",
                "lab08-k6",
            ]),
            containers: names(&[
                "lab08-redis",
                "lab08-postgres",
                "lab08-product-service",
                "lab08-k6",
            ]),
            ..ComposeNames::default()
        },
    }
}

#[test]
fn the_lab_as_its_owner_types_it() {
    let runbook = Runbook::parse(include_str!("../../tests/fixtures/cache-aside.md"));
    let plan = Plan::for_verify(&runbook, &lab_08(), &VerifyOptions::default());
    insta::assert_snapshot!("typed_by_hand", plan.explain(&runbook));
    let everything = VerifyOptions {
        allow_destructive: true,
        on_demand: true,
        timeout: None,
    };
    let plan = Plan::for_verify(&runbook, &lab_08(), &everything);
    insta::assert_snapshot!("typed_by_hand_everything", plan.explain(&runbook));
}

/// Name and action of every step of `verify`.
#[track_caller]
fn check(runbook: &Runbook, options: &VerifyOptions, expected: &[(&str, &str)]) {
    let plan = Plan::for_verify(runbook, &lab_08(), options);
    let steps: Vec<(&str, String)> = plan
        .steps
        .iter()
        .map(|step| {
            let part = match step.part {
                Part::Start => ", start",
                Part::Cleanup => ", cleanup",
                Part::Ordinary => "",
            };
            (
                runbook.blocks[step.block].name.as_str(),
                format!("{}{part}", step.action),
            )
        })
        .collect();
    let steps: Vec<(&str, &str)> = steps
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(steps, expected);
}

const ON_DEMAND: &str = "skipped: on demand; --on-demand plays it";

#[test]
fn the_last_down_after_the_start_is_the_cleanup() {
    let text = document(&[
        ("clean", "docker compose down -v"),
        ("start", "docker compose up -d --build"),
        ("again", "docker compose down && docker compose up -d"),
        ("middle", "docker compose down -v"),
        ("one", "docker compose up -d lab08-redis"),
        ("end", "docker compose down -v 2>/dev/null"),
        ("after", "docker compose logs --tail=50"),
    ]);
    let runbook = Runbook::parse(&text);
    check(
        &runbook,
        &VerifyOptions::default(),
        &[
            ("clean", "runs"),
            ("start", "runs, start"),
            ("again", "runs"),
            ("middle", "runs"),
            ("one", "runs"),
            ("end", "runs, cleanup"),
            ("after", ON_DEMAND),
        ],
    );
    let options = VerifyOptions {
        on_demand: true,
        ..VerifyOptions::default()
    };
    let plan = Plan::for_verify(&runbook, &lab_08(), &options);
    let order: Vec<usize> = plan.steps.iter().map(|step| step.block).collect();
    assert_eq!(order, [0, 1, 2, 3, 4, 6, 5]);
}

#[test]
fn without_a_start_nothing_is_a_cleanup() {
    let runbook = Runbook::parse(&document(&[
        ("down", "docker compose down"),
        ("after", "echo"),
    ]));
    check(
        &runbook,
        &VerifyOptions::default(),
        &[("down", "runs"), ("after", "runs")],
    );
}

#[test]
fn roles_override_what_the_code_says() {
    let text = document(&[
        ("make", "make up"),
        ("up", "docker compose up -d"),
        ("extra", "echo"),
        ("down", "docker compose down"),
        ("stop", "make down"),
    ]);
    let mut runbook = Runbook::parse(&text);
    runbook.blocks[0].expectations.role = Some(Role::Start);
    runbook.blocks[2].expectations.role = Some(Role::OnDemand);
    runbook.blocks[4].expectations.role = Some(Role::Cleanup);
    check(
        &runbook,
        &VerifyOptions::default(),
        &[
            ("make", "runs, start"),
            ("up", "runs"),
            ("extra", ON_DEMAND),
            ("down", "runs"),
            ("stop", "runs, cleanup"),
        ],
    );
}

#[test]
fn a_start_that_stays_in_the_foreground_runs_in_the_background() {
    let runbook = Runbook::parse(&document(&[
        ("start", "docker compose up"),
        ("next", "docker compose up redis"),
    ]));
    check(
        &runbook,
        &VerifyOptions::default(),
        &[
            ("start", "runs in the background, start"),
            (
                "next",
                "runs, stopped after 5s of output (`docker compose up redis` never ends by itself)",
            ),
        ],
    );
}

#[test]
fn what_is_to_be_read_is_not_run_unless_named() {
    let text = "```\nart\n```\n\n    indented\n\n``` {name=art}\necho\n```\n\n```yaml\na: 1\n```\n\n\
        ```yaml {name=shown}\na: 1\n```\n\n```python\nprint()\n```\n\n```bash\necho hi\n```\n\n\
        ```bash {name=x excludeFromRunAll=true}\necho\n```\n";
    let runbook = Runbook::parse(text);
    check(
        &runbook,
        &VerifyOptions::default(),
        &[
            ("art", "skipped: its fence names no language"),
            ("indented", "skipped: its fence names no language"),
            ("art-2", "runs"),
            ("a-1", "skipped: nothing runs `yaml`"),
            ("shown", "runs"),
            ("print", "runs"),
            ("echo-hi", "runs"),
            (
                "x",
                "skipped: marked excludeFromRunAll; --on-demand plays it",
            ),
        ],
    );
}
