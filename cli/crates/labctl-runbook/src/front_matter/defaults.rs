//! The `labctl:` mapping: what holds for the whole document.

use std::{collections::BTreeMap, time::Duration};

use super::{
    node::{Kind, Node},
    read::{CODE, Reader, boolean, map, text},
    settings::{Defaults, MetricsPage, SessionKind},
};
use crate::{
    Diagnostic, Span,
    expect::{Redaction, check_url, parse_redaction},
    suggestion::nearest_word,
};

const KEYS: [&str; 7] = [
    "env",
    "timeout",
    "redact",
    "session",
    "up",
    "metrics",
    "prometheus",
];

impl Reader {
    /// Reads the value of `labctl:`; unlike Runme's, its keys must be known.
    pub(super) fn defaults(&mut self, node: &Node) -> Defaults {
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
                "metrics" => defaults.metrics = self.metrics(value),
                "prometheus" => defaults.prometheus = self.url(value),
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
            match text(item).map(|text| parse_redaction(text, item.span)) {
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

    /// One page, or one for each job.
    fn metrics(&mut self, node: &Node) -> Vec<MetricsPage> {
        let Some(pairs) = map(node) else {
            let url = self.url(node);
            return url
                .map(|url| MetricsPage { job: None, url })
                .into_iter()
                .collect();
        };
        pairs
            .iter()
            .filter_map(|(key, value)| {
                let job = Some(key.text.clone());
                self.url(value).map(|url| MetricsPage { job, url })
            })
            .collect()
    }

    fn url(&mut self, node: &Node) -> Option<String> {
        let Some(text) = text(node) else {
            self.error(
                node.span,
                "a URL belongs here, such as `http://localhost:9090`",
            );
            return None;
        };
        match check_url(text) {
            Ok(()) => Some(text.to_owned()),
            Err((message, help)) => {
                let error = Diagnostic::error(CODE, node.span, message).with_help(help);
                self.diagnostics.push(error);
                None
            }
        }
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

fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    let is_word = |character: char| character == '_' || character.is_ascii_alphanumeric();
    characters
        .next()
        .is_some_and(|first| is_word(first) && !first.is_ascii_digit())
        && characters.all(is_word)
}
