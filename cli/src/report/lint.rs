//! Findings for other programs.

use std::collections::BTreeSet;

use labctl_runbook::{Diagnostic, LineIndex, Position, Severity};
use serde_json::{Value, json};

use super::github::annotation;
use crate::document::Document;

type Found = [(Document, Vec<Diagnostic>)];

/// One array: file, lines and columns from 1 (a column counts characters; `end_column` is the first one behind), severity,
/// code, message, help.
pub(crate) fn json(found: &Found) -> String {
    let findings = each(found).map(|finding| {
        json!({
            "file": finding.file, "line": finding.start.line, "column": finding.start.column,
            "end_line": finding.end.line, "end_column": finding.end.column,
            "severity": finding.level(), "code": finding.diagnostic.code,
            "message": finding.diagnostic.message, "help": finding.diagnostic.help,
        })
    });
    format!("{:#}\n", findings.collect::<Value>())
}

/// The Static Analysis Results Interchange Format, version 2.1.0.
pub(crate) fn sarif(found: &Found) -> String {
    let codes: BTreeSet<_> = each(found).map(|finding| finding.diagnostic.code).collect();
    let rules: Vec<_> = codes.iter().map(|code| json!({"id": code})).collect();
    let results = each(found).map(|finding| {
        json!({
            "ruleId": finding.diagnostic.code,
            "level": finding.level(),
            "message": {"text": finding.message()},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": finding.file},
                "region": {
                    "startLine": finding.start.line, "startColumn": finding.start.column,
                    "endLine": finding.end.line, "endColumn": finding.end.column,
                },
            }}],
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "labctl", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

/// Commands of GitHub Actions.
pub(crate) fn github(found: &Found) -> String {
    let lines = each(found).map(|finding| {
        let place = (&*finding.file, finding.start.line);
        annotation(
            finding.level(),
            place,
            finding.diagnostic.code,
            &finding.message(),
        )
    });
    lines.collect()
}

struct Finding<'a> {
    file: String,
    start: Position,
    end: Position,
    diagnostic: &'a Diagnostic,
}

impl Finding<'_> {
    fn level(&self) -> &'static str {
        match self.diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    fn message(&self) -> String {
        let Diagnostic { message, help, .. } = self.diagnostic;
        help.as_ref()
            .map_or_else(|| message.clone(), |help| format!("{message}; {help}"))
    }
}

fn each(found: &Found) -> impl Iterator<Item = Finding<'_>> {
    found.iter().flat_map(|(document, findings)| {
        let lines = LineIndex::new(&document.source);
        let file = document.lab.runbook.display().to_string();
        findings.iter().map(move |diagnostic| Finding {
            file: file.clone(),
            start: lines.position(diagnostic.span.start()),
            end: lines.position(diagnostic.span.end()),
            diagnostic,
        })
    })
}
