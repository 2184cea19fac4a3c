//! The reports that other programs read.

use std::{collections::BTreeSet, fs};

use quick_xml::{Reader, events::Event};
use serde_json::Value;

use crate::page::{Page, Say as _};

/// One of each: passed, skipped, failed, errored.
fn page() -> Page {
    Page::new()
        .block("good #1", "echo yes")
        .block("prune", "docker system prune -f")
        .block("bad", "echo '{\"a\": 1}'")
        .expect("json $.a == 2  # 100%, or so\nstdout contains \"b\"")
        .block("unknown", "head -c 3000000 /dev/zero | tr '\\0' x")
        .expect("stdout not contains \"y\"")
}

fn report(page: &Page, format: &str) -> String {
    let file = format!("--report={format}=r");
    page.labctl(&["verify", "page.md", &file]).said().code(3);
    fs::read_to_string(page.folder().join("r")).unwrap()
}

#[test]
fn tap_has_a_point_for_each_block_and_says_what_was_seen() {
    let text = report(&page(), "tap");
    let points: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("  "))
        .collect();
    assert_eq!(
        points,
        [
            "TAP version 14",
            "1..4",
            "ok 1 - page.md/good \\#1",
            "ok 2 - page.md/prune # SKIP would harm more than this lab (`docker system prune -f`); --allow-destructive plays it",
            "not ok 3 - page.md/bad",
            "not ok 4 - page.md/unknown",
        ]
    );
    assert!(
        text.contains(
            "  ---\n  outcome: \"failed\"\n  at: \"page.md:11\"\n  message: \"json $.a == 2"
        ),
        "{text}"
    );
    assert!(text.contains("  outcome: \"errored\"\n"), "{text}");
}

#[test]
fn github_is_told_each_claim_at_its_line() {
    let text = report(&page(), "github");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(
        lines[0],
        "::error file=page.md,line=15,title=page.md/bad failed::json $.a == 2: got 1"
    );
    assert!(
        lines[1].starts_with(
            "::error file=page.md,line=16,title=page.md/bad failed::stdout contains \"b\": "
        ),
        "{text}"
    );
    assert!(
        lines[2].starts_with("::error file=page.md,line=23,title=page.md/unknown errored::"),
        "{text}"
    );

    let page = Page::new().block("a, b: 50%", "false");
    page.labctl(&["verify", "page.md", "--report=github=-"])
        .said()
        .code(1)
        .says("::error file=page.md,line=3,title=page.md/a%2C b%3A 50%25 failed::exit == 0: it was 1\n");
}

#[test]
fn events_are_one_object_a_line_in_the_order_of_what_happens() {
    let text = report(&page(), "events");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let words: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        [
            "run-started",
            "lab-started",
            "block-started",
            "block-finished",
            "block-finished",
            "block-started",
            "block-finished",
            "block-started",
            "block-finished",
            "lab-finished",
            "run-finished",
        ]
    );
    assert_eq!(events[0]["version"], 1);
    assert_eq!(events[1]["blocks"], 4);
    let outcomes: Vec<_> = events
        .iter()
        .filter_map(|event| event["result"]["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["passed", "skipped", "failed", "errored"]);
    assert_eq!(events[10]["exit_code"], 3);
    let times: Vec<_> = events
        .iter()
        .map(|event| event["at"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn a_report_that_cannot_be_written_costs_the_verdict_and_no_other_report() {
    let page = Page::new().block("good", "true");
    for format in ["events", "tap", "github"] {
        page.labctl(&[
            "verify",
            "page.md",
            "--report=json=r",
            &format!("--report={format}=none/r"),
        ])
        .said()
        .code(3)
        .says("cannot write none/r");
        assert!(fs::remove_file(page.folder().join("r")).is_ok(), "{format}");
    }
    page.labctl(&["verify", "page.md", "--report=pdf=r"])
        .said()
        .code(2)
        .says("there are `junit`, `json`, `html`, `tap`, `github`, `events`");
}

/// The words in backquotes of a piece of Markdown.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_events_are_what_the_documentation_says() {
    let doc = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reports.md");
    let doc = fs::read_to_string(doc).unwrap();
    let table = doc.split("| event | has besides |").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let documented: Vec<(String, BTreeSet<String>)> = rows
        .map(|row| {
            let cells: Vec<_> = row.split('|').collect();
            let (event, mut fields) = (cells[1], quoted(cells[2]));
            // The other report is named there too.
            fields.remove("json");
            (quoted(event).pop_first().unwrap(), fields)
        })
        .collect();
    let text = report(&page(), "events");
    let mut seen = 0;
    for line in text.lines() {
        let event: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        let word = event["event"].as_str().unwrap();
        let mut fields: BTreeSet<_> = event.keys().cloned().collect();
        assert!(fields.remove("event") && fields.remove("at"));
        let row = documented.iter().find(|(known, _)| known == word);
        assert_eq!(Some(&fields), row.map(|(_, fields)| fields), "{word}");
        seen += 1;
    }
    assert!(seen > 5 && documented.len() == 11, "{documented:?}");
}

#[test]
fn a_bundle_holds_all_that_is_known_of_a_block_that_did_not_pass() {
    let page = Page::new()
        .block("good", "echo yes")
        .block("it's/bad", "echo said; echo cried >&2; exit 7");
    let bundle = page.folder().join("b/page.md/it's%2Fbad");
    let mut command = page.labctl(&["verify", "page.md", "--bundle", "b"]);
    command
        .said()
        .code(1)
        .says("all that is known of it: b/page.md/it's%2Fbad\n");
    // A second run leaves nothing of the first.
    fs::write(bundle.join("services.log"), "old").unwrap();
    command.said().code(1);
    let mut files: Vec<_> = fs::read_dir(&bundle)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        ["again", "code", "stderr", "stdout", "what-happened"]
    );
    let read = |name: &str| fs::read_to_string(bundle.join(name)).unwrap();
    assert_eq!(read("code"), "echo said; echo cried >&2; exit 7\n");
    assert_eq!(
        (read("stdout"), read("stderr")),
        ("said\n".into(), "cried\n".into())
    );
    assert_eq!(
        read("again"),
        "labctl verify 'page.md' --block 'it'\\''s/bad' --needs\n"
    );
    assert!(read("what-happened").starts_with("failed page.md:7 it's/bad: exit == 0: it was 7\n"));
    assert!(!page.folder().join("b/page.md/good").exists());

    let page = page.block("..", "false");
    page.labctl(&["verify", "page.md", "--bundle", "b"])
        .said()
        .code(1);
    assert!(page.folder().join("b/page.md/%2E./code").exists());
    fs::write(page.folder().join("file"), "").unwrap();
    page.labctl(&["verify", "page.md", "--bundle", "file/b"])
        .said()
        .code(3)
        .says("cannot write file/b");
}

/// Elements, what may stand in each, its attributes (`*`: must be there), as `junit-10.xsd` has them.
const JUNIT: [(&str, &str, &str); 9] = [
    ("testsuites", "testsuite", "name time tests failures errors"),
    (
        "testsuite",
        "testsuite properties testcase system-out system-err",
        "name* tests* failures* errors* group time skipped timestamp hostname id package file log url",
    ),
    ("properties", "property", ""),
    ("property", "", "name* value*"),
    (
        "testcase",
        "skipped error failure system-out system-err",
        "name* time classname group",
    ),
    ("failure", "", "type message"),
    ("error", "", "type message"),
    ("skipped", "", "type message"),
    ("system-out system-err", "", ""),
];

/// Checks a document against [`JUNIT`]; gives how often each element is there.
fn junit_elements(text: &str) -> Vec<(String, usize)> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut seen: Vec<(String, usize)> = Vec::new();
    loop {
        let (start, is_empty) = match reader.read_event().unwrap() {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => return seen,
            _ => continue,
        };
        let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
        let known = |name: &str| {
            JUNIT
                .iter()
                .find(|row| row.0.split(' ').any(|known| known == name))
        };
        let (_, _, attributes) = known(&name).unwrap_or_else(|| panic!("<{name}> is unknown"));
        match open.last() {
            None => assert_eq!(name, "testsuites"),
            Some(parent) => {
                let inner = known(parent).unwrap().1;
                assert!(
                    inner.split(' ').any(|inner| inner == name),
                    "<{name}> in <{parent}>"
                );
            }
        }
        let given: BTreeSet<String> = start
            .attributes()
            .map(|attribute| String::from_utf8(attribute.unwrap().key.as_ref().to_vec()).unwrap())
            .collect();
        let allowed = attributes
            .split(' ')
            .map(|name| name.trim_end_matches('*').to_owned());
        let allowed: BTreeSet<String> = allowed.collect();
        assert!(given.is_subset(&allowed), "<{name}> has {given:?}");
        for needed in attributes
            .split(' ')
            .filter_map(|name| name.strip_suffix('*'))
        {
            assert!(given.contains(needed), "<{name}> has no {needed}");
        }
        match seen.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => seen.push((name.clone(), 1)),
        }
        if !is_empty {
            open.push(name);
        }
    }
}

#[test]
fn junit_is_what_the_common_schema_allows() {
    let text = report(&page(), "junit");
    let count = |elements: &[(String, usize)], name: &str| {
        elements
            .iter()
            .find(|(known, _)| known == name)
            .map_or(0, |(_, count)| *count)
    };
    let elements = junit_elements(&text);
    let counts =
        ["testsuite", "testcase", "failure", "error", "skipped"].map(|name| count(&elements, name));
    assert_eq!(counts, [1, 4, 1, 1, 1], "{text}");
    assert!(text.contains("tests=\"4\" skipped=\"1\""), "{text}");
}
