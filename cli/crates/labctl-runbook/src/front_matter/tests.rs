//! The front matter as a whole.

use std::time::Duration;

use super::{FrontMatter, SessionKind, extent::PREFIX, read};
use crate::Severity;

fn yaml_document(body: &str) -> String {
    format!("---\n{body}\n---\ncontent")
}

fn settings(source: &str) -> FrontMatter {
    let reading = read(source);
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    reading.front_matter
}

/// Each finding as `place: message`.
fn findings(source: &str) -> Vec<String> {
    let found = read(source).diagnostics;
    found
        .iter()
        .map(|diagnostic| {
            assert_eq!(diagnostic.severity, Severity::Error);
            format!("{}: {}", diagnostic.span.text(source), diagnostic.message)
        })
        .collect()
}

#[test]
fn rule_1_7_four_forms_say_the_same() {
    for source in [
        "---\nshell: zsh -l\ncwd: ../x\ntag: a,b\ncategory: c\nskipPrompts: true\n---\n",
        "---\n{\"shell\": \"zsh -l\", \"cwd\": \"../x\", \"tag\": \"a,b\", \"category\": \"c\", \"skipPrompts\": true}\n---\n",
        "{\"shell\": \"zsh -l\", \"cwd\": \"../x\", \"tag\": \"a,b\", \"category\": \"c\", \"skipPrompts\": true}\n",
        "{\n\t\"Shell\": \"zsh -l\",\n\t\"cwd\": \"../x\", \"tag\": \"a,b\", \"category\": \"c\", \"skipprompts\": true}\n",
        "+++\nshell = \"zsh -l\"\ncwd = \"../x\"\ntag = \"a,b\"\ncategory = \"c\"\nskipPrompts = true\n+++\n",
        "---\nshell = \"zsh -l\"\nCWD = \"../x\"\ntag = \"a,b\"\ncategory = \"c\"\nskipPrompts = true\n---\n",
    ] {
        let read = settings(source);
        assert_eq!(read.shell.as_deref(), Some("zsh -l"), "{source}");
        assert_eq!(read.cwd.as_deref(), Some("../x"), "{source}");
        assert_eq!(read.tags, ["c", "a,b"], "{source}");
        assert!(read.skip_prompts, "{source}");
    }
}

#[test]
fn rule_1_9_invalid_front_matter_is_an_error_with_the_parsers_message() {
    for body in [
        "a: [",
        "a: b: c",
        "just text",
        "[1, 2]",
        "5",
        "- a",
        "```bash\nx\n```",
        "a: 1\na: 2",
        "cwd: [x]",
    ] {
        let source = yaml_document(body);
        let reading = read(&source);
        let [finding] = reading.diagnostics.as_slice() else {
            panic!("{body}: {:?}", reading.diagnostics);
        };
        assert!(finding.message.starts_with(PREFIX), "{finding:?}");
        assert!(finding.message.len() > PREFIX.len() + 5, "{finding:?}");
        assert_eq!(&source[reading.content..], "content");
    }
    assert!(findings("{\"a\" 1}\n")[0].contains("expected `:`"));
    assert!(findings("+++\na = \n+++\n")[0].contains(PREFIX));
}

#[test]
fn rule_1_10_unknown_keys_are_ignored_and_yaml_keys_have_a_case() {
    let read = settings(&yaml_document(
        "Shell: zsh\nterminalRows: 20\nx: {y: [1]}\n? [a]\n: b",
    ));
    assert_eq!(read.shell, None);
    settings("---\n---\n");
    settings("---\n# only a comment\n---\n");
}

#[test]
fn a_session_id_makes_a_record() {
    let is_record = |body: &str| settings(&yaml_document(body)).is_session_record;
    assert!(is_record(
        "runme:\n  id: x\n  session:\n    id: 01J\n    updated: now"
    ));
    assert!(!is_record("runme: {id: x, version: v3}"));
    assert!(!is_record("runme: {session: {id: ''}}"));
    assert!(!is_record("runme: text"));
}

#[test]
fn labctl_defaults_are_read() {
    let body = "labctl:\n  env: {PORT: 8080, VERSION: 1.10, EMPTY: \"\", ON: yes}\n  timeout: 1m 30s\n  redact: [uuid, timestamp in $.at]\n  session: shared\n  up: true";
    let defaults = settings(&yaml_document(body)).labctl;
    let env: Vec<_> = defaults
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(env, ["EMPTY=", "ON=yes", "PORT=8080", "VERSION=1.10"]);
    assert_eq!(defaults.timeout, Some(Duration::from_secs(90)));
    assert_eq!(defaults.redactions.len(), 2);
    assert_eq!(defaults.redactions[1].path.as_deref(), Some("$.at"));
    assert_eq!(defaults.session, SessionKind::Shared);
    assert!(defaults.up);
}

#[test]
fn labctl_defaults_are_read_from_toml_and_json_too() {
    for source in [
        "+++\n[labctl]\nenv = { A = 1, B = 1.50 }\nup = true\n+++\n",
        "{\"labctl\": {\"env\": {\"A\": 1, \"B\": \"1.50\"}, \"up\": true}}",
    ] {
        let defaults = settings(source).labctl;
        assert_eq!(defaults.env["A"], "1");
        assert_eq!(defaults.env["B"], "1.50");
        assert!(defaults.up);
    }
}

#[test]
fn every_error_under_labctl_is_found_at_once_with_its_place() {
    let body = "é: x\nlabctl:\n  timout: 5m\n  timeout: 0s\n  env: {1A: x, B: [1]}\n  redact: uuid\n  session: shard\n  up: 1";
    let source = yaml_document(body);
    assert_eq!(
        findings(&source),
        [
            "timout: unknown key `timout` under `labctl`",
            "0s: `timeout` must be a duration longer than 0, such as `5m` or `90s`",
            "1A: `1A` is not the name of a variable",
            "B: `B` must be text or a number",
            "uuid: `redact` must be a list, such as `[uuid, timestamp]`",
            "shard: unknown session `shard` under `labctl`",
            "1: `up` must be true or false",
        ]
    );
    let help = read(&source).diagnostics[0].help.clone();
    assert_eq!(help.as_deref(), Some("did you mean `timeout`?"));
    assert_eq!(
        findings("+++\n[labctl]\nsesion = 1\n+++\n"),
        ["sesion: unknown key `sesion` under `labctl`"]
    );
    assert_eq!(
        findings("{\"labctl\": {\"sesion\": 1}}"),
        ["sesion: unknown key `sesion` under `labctl`"]
    );
    assert_eq!(
        findings(&yaml_document("labctl: yes")),
        ["yes: `labctl` must be a mapping, such as `{timeout: 5m}`"]
    );
}

#[test]
fn hostile_yaml_is_refused_quickly() {
    let levels = (1..30).map(|level| {
        let alias = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{alias}, {alias}, {alias}]")
    });
    let bomb: Vec<_> = std::iter::once("a0: &a0 [x, x]".to_owned())
        .chain(levels)
        .collect();
    let bomb = bomb.join("\n");
    let deep = format!("a: {}", "[".repeat(100_000));
    let closed = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let indented: Vec<_> = (0..2_000)
        .map(|depth| format!("{}a:", " ".repeat(depth)))
        .collect();
    let indented = indented.join("\n");
    let items = "x, ".repeat(5_000);
    let repeated = format!("a: &a [{items}]\nb: [*a, *a, *a]");
    for body in [
        repeated,
        bomb,
        deep,
        closed,
        indented,
        "a: &x [*x]".to_owned(),
    ] {
        let source = yaml_document(&body);
        assert_eq!(findings(&source).len(), 1);
    }
    assert_eq!(
        settings(&yaml_document("a: &x zsh\nshell: *x"))
            .shell
            .as_deref(),
        Some("zsh")
    );
}
