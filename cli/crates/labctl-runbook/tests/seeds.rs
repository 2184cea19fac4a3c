//! Documents of the shape of real runbooks.

use std::fmt::Write as _;

use labctl_runbook::{Language, Runbook, ShellKind};

/// A runbook in the way they are written: headings, prose, breaks, named blocks.
fn runbook(names: &[String]) -> String {
    let mut document = "# A lab\n\nWhat it teaches.\n\n---\n".to_owned();
    for (index, name) in names.iter().enumerate() {
        let background = if name == "load-test" {
            ", \"background\": true"
        } else {
            ""
        };
        let _ = write!(
            document,
            "\n## Step {index}\n\n**What happens:** something.\n\n\
             ```bash {{\"name\": \"{name}\"{background}}}\n\
             echo {index}\n\ncurl -s localhost:8000/{index} | jq .\n```\n\n\
             | a | b |\n|---|---|\n| 1 | 2 |\n\n---\n"
        );
    }
    document
}

#[test]
fn four_runbooks_of_named_blocks_have_132_of_them_in_order() {
    let common = [
        "check-docker",
        "clean-previous",
        "start-lab",
        "wait-healthy",
        "verify-services",
        "show-urls",
    ];
    let mut blocks = 0;
    let mut backgrounds = 0;
    for (lab, count) in [36, 36, 30, 30].into_iter().enumerate() {
        let mut names: Vec<String> = common.map(str::to_owned).to_vec();
        while names.len() < count - 1 {
            names.push(format!("step-{}-of-{lab}", names.len()));
        }
        names.push("cleanup".to_owned());
        if lab == 1 {
            names[20] = "load-test".to_owned();
        }
        let source = runbook(&names);
        let read = Runbook::parse(&source);
        assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
        let read_names: Vec<_> = read.blocks.iter().map(|block| block.name.clone()).collect();
        assert_eq!(read_names, names);
        assert!(read.blocks.iter().all(|block| block.is_named
            && block.language == Language::Shell(ShellKind::Bash)
            && block.description == "**What happens:** something."));
        blocks += read.blocks.len();
        backgrounds += read
            .blocks
            .iter()
            .filter(|block| block.is_background())
            .count();
    }
    assert_eq!((blocks, backgrounds), (132, 1));
}

#[test]
fn an_unnamed_tutorial_gets_the_names_that_runme_gives() {
    let codes = [
        ("", "Write Path ──▶ cache\n   │\n   ▼\nstore"),
        ("bash", "docker compose up --build -d"),
        ("bash", "docker compose ps"),
        ("bash", "curl -X POST http://localhost:8000/items"),
        (
            "bash",
            "ITEM_ID=$(curl -s localhost:8000/items | jq -r '.[0].id')",
        ),
        (
            "bash",
            "curl -X PUT \"http://localhost:8000/items/$ITEM_ID\"",
        ),
        ("bash", "RESPONSE=$(curl -s localhost:8000/items)"),
        ("bash", "curl -s localhost:8000/stats | jq"),
        ("bash", "curl -s localhost:8000/health"),
        ("bash", "docker compose exec redis redis-cli"),
        ("bash", "echo \"Creating items\""),
        ("bash", "# read them\necho \"Reading items\""),
        ("bash", "curl -s localhost:8000/items"),
        ("bash", "docker compose logs -f api"),
        ("bash", "docker compose stop redis"),
        ("bash", "docker compose start redis"),
        ("bash", "docker compose restart"),
        ("bash", "docker compose down -v"),
    ];
    let blocks = codes.map(|(language, code)| format!("Then:\n\n```{language}\n{code}\n```\n"));
    let read = Runbook::parse(&blocks.join("\n"));
    let names: Vec<_> = read
        .blocks
        .iter()
        .map(|block| block.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "write-path",
            "docker-compose",
            "docker-compose-2",
            "curl-x",
            "itemid",
            "curl-x-2",
            "response",
            "curl-s",
            "curl-s-2",
            "docker-compose-3",
            "echo-creating",
            "echo-reading",
            "curl-s-3",
            "docker-compose-4",
            "docker-compose-5",
            "docker-compose-6",
            "docker-compose-7",
            "docker-compose-8",
        ]
    );
    assert!(read.blocks.iter().all(|block| !block.is_named));
    assert_eq!(read.blocks[0].language, Language::None);
}
