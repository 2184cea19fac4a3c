//! What the front matter says, key by key; whatever is wrong with it, all at once.

use std::{collections::BTreeMap, time::Duration};

use super::{
    extent::{BREAK_HELP, Extent, Form, PREFIX, divide},
    node::{self, Invalid, Key, Kind, Node},
    redaction::redaction,
    settings::{Defaults, FrontMatter, SessionKind},
    yaml::yaml,
};
use crate::{Diagnostic, Span, expect::Redaction, suggestion::nearest_word};

/// A document's front matter.
#[derive(Debug)]
pub(crate) struct Reading {
    /// What it says.
    pub(crate) front_matter: FrontMatter,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Where the content begins.
    pub(crate) content: usize,
}

/// Reads a document's front matter.
pub(crate) fn read(source: &str) -> Reading {
    let Extent {
        body,
        content,
        problem,
    } = divide(source);
    let mut reader = Reader {
        diagnostics: Vec::from_iter(problem),
    };
    let mut front_matter = FrontMatter::default();
    if let Some((form, body)) = body {
        match parse(source, form, body) {
            Ok((Kind::Map(pairs), spelling)) => front_matter = reader.document(&pairs, spelling),
            Ok(_) => {}
            Err(invalid) => {
                let message = format!("{PREFIX} {}", invalid.message);
                let error = Diagnostic::error(CODE, invalid.span, message);
                reader.diagnostics.push(if form == Form::Dashes {
                    error.with_help(BREAK_HELP)
                } else {
                    error
                });
            }
        }
    }
    Reading {
        front_matter,
        diagnostics: reader.diagnostics,
        content,
    }
}

const CODE: &str = "front-matter";

/// Whether letter case matters in Runme's keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Exact,
    AnyCase,
}

/// Tries YAML, JSON, TOML in turn. What is reported is what the form's own language says.
fn parse(source: &str, form: Form, body: Span) -> Result<(Kind, Spelling), Invalid> {
    if form == Form::Json {
        let node = node::json(source, body)?;
        return Ok((node.kind, Spelling::AnyCase));
    }
    let yaml_cause = match yaml(source, body) {
        Ok(Node {
            kind: kind @ (Kind::Map(_) | Kind::Null),
            ..
        }) => return Ok((kind, Spelling::Exact)),
        Ok(other) => Invalid::new(other.span, "expected keys and values, found something else"),
        Err(cause) => cause,
    };
    if let Ok(node) = node::json(source, body) {
        return Ok((node.kind, Spelling::AnyCase));
    }
    match node::toml(source, body) {
        Ok(node) => Ok((node.kind, Spelling::AnyCase)),
        Err(toml_cause) if form == Form::Pluses => Err(toml_cause),
        Err(_) => Err(yaml_cause),
    }
}

struct Reader {
    diagnostics: Vec<Diagnostic>,
}

type Pairs = [(Key, Node)];

impl Reader {
    fn document(&mut self, pairs: &Pairs, spelling: Spelling) -> FrontMatter {
        let find = |key: &str| find(pairs, key, spelling);
        let mut front_matter = FrontMatter {
            shell: self.runme_text("shell", find("shell")),
            cwd: self.runme_text("cwd", find("cwd")),
            ..FrontMatter::default()
        };
        for key in ["category", "tag"] {
            let tag = self.runme_text(key, find(key));
            front_matter.tags.extend(tag);
        }
        if let Some(node) = find("skipPrompts") {
            match boolean(node) {
                Some(value) => front_matter.skip_prompts = value,
                None if matches!(node.kind, Kind::Null) => {}
                None => self.runme_error(node, "skipPrompts", "true or false"),
            }
        }
        let session = find("runme")
            .and_then(|node| map(node))
            .and_then(|runme| self::find(runme, "session", spelling))
            .and_then(|node| map(node))
            .and_then(|session| self::find(session, "id", spelling));
        front_matter.is_session_record =
            session.is_some_and(|id| text(id).is_some_and(|id| !id.is_empty()));
        if let Some(node) = self::find(pairs, "labctl", Spelling::Exact) {
            front_matter.labctl = self.defaults(node);
        }
        front_matter
    }

    /// A text of Runme's; an empty one counts as absent.
    fn runme_text(&mut self, key: &str, node: Option<&Node>) -> Option<String> {
        let node = node?;
        if matches!(node.kind, Kind::Null) {
            return None;
        }
        let Some(text) = text(node) else {
            self.runme_error(node, key, "text");
            return None;
        };
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    fn runme_error(&mut self, node: &Node, key: &str, wanted: &str) {
        let message = format!("{PREFIX} `{key}` must be {wanted}");
        self.diagnostics
            .push(Diagnostic::error(CODE, node.span, message));
    }

    fn defaults(&mut self, node: &Node) -> Defaults {
        let mut defaults = Defaults::default();
        if matches!(node.kind, Kind::Null) {
            return defaults;
        }
        let Some(pairs) = map(node) else {
            self.error(
                node.span,
                "`labctl` must be a mapping, such as `{timeout: 5m}`",
            );
            return defaults;
        };
        for (key, value) in pairs {
            match key.text.as_str() {
                "env" => defaults.env = self.env(value),
                "timeout" => defaults.timeout = self.timeout(value),
                "redact" => defaults.redactions = self.redactions(value),
                "session" => defaults.session = self.session(value),
                "up" => defaults.up = self.up(value),
                other => self.unknown("key", other, key.span, &KEYS),
            }
        }
        defaults
    }

    fn env(&mut self, node: &Node) -> BTreeMap<String, String> {
        let Some(pairs) = map(node) else {
            self.error(
                node.span,
                "`env` must be a mapping, such as `{NAME: value}`",
            );
            return BTreeMap::new();
        };
        let mut env = BTreeMap::new();
        for (key, value) in pairs {
            if !is_variable_name(&key.text) {
                let message = format!("`{}` is not the name of a variable", key.text);
                self.error(key.span, &message);
            }
            match text(value) {
                Some(text) if text.contains('\0') => {
                    self.error(value.span, "a variable cannot hold a NUL character");
                }
                Some(text) => {
                    env.insert(key.text.clone(), text.to_owned());
                }
                None => {
                    let message = format!("`{}` must be text or a number", key.text);
                    self.error(key.span, &message);
                }
            }
        }
        env
    }

    fn timeout(&mut self, node: &Node) -> Option<Duration> {
        let parsed = text(node).and_then(|text| humantime::parse_duration(text).ok());
        let timeout = parsed.filter(|duration| !duration.is_zero());
        if timeout.is_none() {
            self.error(
                node.span,
                "`timeout` must be a duration longer than 0, such as `5m` or `90s`",
            );
        }
        timeout
    }

    fn redactions(&mut self, node: &Node) -> Vec<Redaction> {
        let Kind::List(items) = &node.kind else {
            self.error(
                node.span,
                "`redact` must be a list, such as `[uuid, timestamp]`",
            );
            return Vec::new();
        };
        let mut redactions = Vec::new();
        for item in items {
            match text(item).map(|text| redaction(text, item.span)) {
                Some(Ok(redaction)) => redactions.push(redaction),
                Some(Err(diagnostic)) => self.diagnostics.push(diagnostic),
                None => self.error(item.span, "a redaction is text, such as `uuid in $.id`"),
            }
        }
        redactions
    }

    fn session(&mut self, node: &Node) -> SessionKind {
        match text(node) {
            Some("shared") => return SessionKind::Shared,
            Some("separate") => {}
            Some(other) => self.unknown("session", other, node.span, &["shared", "separate"]),
            None => self.error(node.span, "`session` must be `shared` or `separate`"),
        }
        SessionKind::Separate
    }

    fn up(&mut self, node: &Node) -> bool {
        let value = boolean(node);
        if value.is_none() {
            self.error(node.span, "`up` must be true or false");
        }
        value.unwrap_or_default()
    }

    fn unknown(&mut self, what: &str, word: &str, span: Span, valid: &[&str]) {
        let help = match nearest_word(word, valid.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("valid: {}", valid.join(", ")),
        };
        let message = format!("unknown {what} `{word}` under `labctl`");
        self.diagnostics
            .push(Diagnostic::error("unknown-word", span, message).with_help(help));
    }

    fn error(&mut self, span: Span, message: &str) {
        self.diagnostics
            .push(Diagnostic::error(CODE, span, message));
    }
}

const KEYS: [&str; 5] = ["env", "timeout", "redact", "session", "up"];

fn find<'n>(pairs: &'n Pairs, key: &str, spelling: Spelling) -> Option<&'n Node> {
    let exact = pairs.iter().find(|(candidate, _)| candidate.text == key);
    let matching = exact.or_else(|| {
        pairs.iter().find(|(candidate, _)| {
            spelling == Spelling::AnyCase && candidate.text.eq_ignore_ascii_case(key)
        })
    });
    matching.map(|(_, node)| node)
}

fn map(node: &Node) -> Option<&Pairs> {
    match &node.kind {
        Kind::Map(pairs) => Some(pairs),
        _ => None,
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) | Kind::Plain(text) => Some(text),
        _ => None,
    }
}

/// What Runme's YAML reader takes for a boolean.
fn boolean(node: &Node) -> Option<bool> {
    let Kind::Plain(text) = &node.kind else {
        return None;
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    let is_word = |character: char| character == '_' || character.is_ascii_alphanumeric();
    characters
        .next()
        .is_some_and(|first| is_word(first) && !first.is_ascii_digit())
        && characters.all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        for body in [bomb, deep, closed, indented, "a: &x [*x]".to_owned()] {
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
}
