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

/// A document of blocks `a`, `b` … with a `needs` each, and what `run` plays for a selection.
fn with_needs(needs: &[(&str, &[&str])]) -> Runbook {
    let blocks: Vec<(&str, &str)> = needs.iter().map(|(name, _)| (*name, "echo")).collect();
    let mut runbook = Runbook::parse(&document(&blocks));
    for (block, (_, needs)) in runbook.blocks.iter_mut().zip(needs) {
        block.expectations.needs = needs
            .iter()
            .map(|need| ((*need).to_owned(), block.opening))
            .collect();
    }
    runbook
}

#[track_caller]
fn check_run(runbook: &Runbook, selection: &Selection, expected: &str) {
    let played = Plan::for_run(runbook, selection, &lab_08(), &RunOptions::default()).map(|plan| {
        let steps: Vec<String> = plan
            .steps
            .iter()
            .map(|step| {
                let name = &runbook.blocks[step.block].name;
                match &step.action {
                    Action::Run => name.clone(),
                    action => format!("{name} ({action})"),
                }
            })
            .collect();
        steps.join(" ")
    });
    assert_eq!(played.unwrap_or_else(|error| error.to_string()), expected);
}

fn named(names: &[&str]) -> Selection {
    Selection::Named(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn run_plays_the_names_in_the_order_given_and_first_what_they_need() {
    let runbook = with_needs(&[("a", &[]), ("b", &["a"]), ("c", &["b", "a"]), ("d", &[])]);
    check_run(&runbook, &named(&["d", "a"]), "d a");
    check_run(&runbook, &named(&["a", "a"]), "a a");
    check_run(&runbook, &named(&["c"]), "a b c");
    check_run(&runbook, &named(&["b", "c"]), "a b c");
    check_run(&runbook, &named(&["c", "a"]), "a b c a");
    check_run(&runbook, &Selection::All, "a b c d");
}

#[test]
fn wrong_selections_say_what_could_be_meant() {
    let text = document(&[
        ("verify-wal-data", "echo"),
        ("x", "echo"),
        ("x", "echo"),
        ("x-2", "echo"),
    ]);
    let runbook = Runbook::parse(&text);
    check_run(
        &runbook,
        &named(&[]),
        "no block named: say which to run, or --all",
    );
    check_run(
        &runbook,
        &named(&["verify-wal"]),
        "no block named `verify-wal`; did you mean `verify-wal-data` (line 1)?",
    );
    check_run(&runbook, &named(&["zzzzzz"]), "no block named `zzzzzz`");
    check_run(
        &runbook,
        &named(&["x-2"]),
        "`x-2` names 2 blocks: line 9, line 13",
    );
    check_run(
        &runbook,
        &Selection::Tagged(vec!["t".to_owned()]),
        "no block has the tag `t`",
    );
    check_run(&Runbook::parse("text"), &Selection::All, "no block to run");
}

#[test]
fn tags_choose_as_runme_chooses() {
    let text = "```sh {name=none}\necho\n```\n```sh {name=a tag=a}\necho\n```\n```sh {name=ab category=a,b}\necho\n```\n\
        ```sh {name=out tag=a excludeFromRunAll=true}\necho\n```\n";
    let mut runbook = Runbook::parse(text);
    let tagged =
        |tags: &[&str]| Selection::Tagged(tags.iter().map(|tag| (*tag).to_owned()).collect());
    check_run(&runbook, &tagged(&["a"]), "a ab");
    check_run(&runbook, &tagged(&["b"]), "ab");
    check_run(&runbook, &tagged(&["b", "a"]), "a ab");
    check_run(&runbook, &tagged(&["a,b"]), "no block has the tag `a,b`");
    runbook.front_matter.tags = vec!["doc".to_owned(), "b".to_owned()];
    check_run(&runbook, &tagged(&["doc"]), "none ab");
    check_run(&runbook, &named(&["out"]), "out");
}

#[test]
fn run_plays_for_a_person_and_still_asks_before_harm() {
    let text = document(&[
        ("cli", "docker compose exec lab08-redis redis-cli"),
        ("logs", "docker compose logs -f"),
        ("prune", "docker system prune -f"),
        ("art", "echo"),
    ]) + "```\nart\n```\n";
    let runbook = Runbook::parse(&text);
    check_run(
        &runbook,
        &Selection::All,
        "cli logs (runs, stopped after 5s of output (`docker compose logs -f` never ends by itself)) prune (skipped: \
         would harm more than this lab (`docker system prune -f`); --allow-destructive plays it) art art-2 (skipped: \
         its fence names no language)",
    );
    check_run(&runbook, &named(&["art-2"]), "art-2");
    let plan = Plan::for_run(
        &runbook,
        &named(&["cli", "logs", "art"]),
        &lab_08(),
        &RunOptions::default(),
    )
    .unwrap();
    let deadlines: Vec<_> = plan.steps.iter().map(|step| step.deadline).collect();
    assert_eq!(
        deadlines,
        [PERSON_DEADLINE, PERSON_DEADLINE, DEFAULT_DEADLINE]
    );
}

#[test]
fn deadlines_come_from_the_nearest_who_says_one() {
    use std::time::Duration;
    let [claim, flag, matter] = [1, 2, 3].map(Duration::from_secs);
    let mut runbook = Runbook::parse(&document(&[("a", "echo"), ("b", "docker build .")]));
    let check = |runbook: &Runbook, flag, expected: [Duration; 2]| {
        let options = VerifyOptions {
            timeout: flag,
            ..VerifyOptions::default()
        };
        let plan = Plan::for_verify(runbook, &lab_08(), &options);
        assert_eq!([plan.steps[0].deadline, plan.steps[1].deadline], expected);
    };
    check(&runbook, None, [DEFAULT_DEADLINE, BUILD_DEADLINE]);
    runbook.front_matter.labctl.timeout = Some(matter);
    check(&runbook, None, [matter, matter]);
    check(&runbook, Some(flag), [flag, flag]);
    runbook.blocks[0].expectations.timeout = Some(claim);
    check(&runbook, Some(flag), [claim, flag]);
}

#[test]
fn a_block_whose_need_is_not_played_is_skipped() {
    let mut runbook = with_needs(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[])]);
    runbook.blocks[0].expectations.skip = Some("flaky".to_owned());
    check(
        &runbook,
        &VerifyOptions::default(),
        &[
            ("a", "skipped: by its author: flaky"),
            ("b", "skipped: needs `a`, which did not pass"),
            ("c", "skipped: needs `b`, which did not pass"),
            ("d", "runs"),
        ],
    );
}

#[test]
fn needs_that_cannot_be_met_are_errors() {
    let runbook = with_needs(&[("a", &["b", "a", "nope", "c"]), ("b", &["a"]), ("bc", &[])]);
    let found: Vec<(&str, String)> = check_needs(&runbook)
        .into_iter()
        .map(|found| (found.code, found.message))
        .collect();
    assert_eq!(
        found,
        [
            (
                "needs-later-block",
                "`b` comes after the block that needs it".to_owned()
            ),
            ("needs-itself", "`a` needs itself".to_owned()),
            ("unknown-block", "no block named `nope`".to_owned()),
            ("unknown-block", "no block named `c`".to_owned()),
        ]
    );
    // A circle is an error, and still no plan runs into it.
    check_run(&runbook, &named(&["bc"]), "bc");
}
