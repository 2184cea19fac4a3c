//! `labctl lint [LAB|PATH…]`.

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode};

use labctl_docker::find_compose_file;
use labctl_engine::{SnapshotFile, code_digest};
use labctl_runbook::{Diagnostic, LintFacts, Severity, SnapshotHeader};

use crate::{
    args::{Global, LintArgs, LintFormat},
    diagnostics,
    document::Document,
    error::CliError,
    library::Library,
    output,
    report::lint,
    scene::Scene,
};

/// Prints every finding. Exit code 2 with an error among them, 0 otherwise: warnings are advice.
pub(crate) async fn lint(
    library: &Library,
    args: &LintArgs,
    global: Global,
) -> Result<ExitCode, CliError> {
    let (mut errors, mut warnings) = (0, 0);
    let labs = library.resolve_all(&args.labs)?;
    let count = labs.len();
    let mut found = Vec::new();
    for lab in labs {
        let cwd = args.cwd.cwd.as_deref();
        let scene = Scene::set(Document::load(lab)?, cwd, BTreeMap::new()).await?;
        let findings = findings(library, &scene)?;
        let wrong = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        errors += wrong;
        warnings += findings.len() - wrong;
        found.push((scene.document, findings));
    }
    match args.format {
        LintFormat::Text => {
            for (document, findings) in &found {
                diagnostics::print(&document.lab.runbook, &document.source, findings);
            }
        }
        LintFormat::Json => output::text(&lint::json(&found)),
        LintFormat::Sarif => output::text(&lint::sarif(&found)),
        LintFormat::Github => output::text(&lint::github(&found)),
    }
    if !global.quiet && args.format == LintFormat::Text {
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let told = [
            plural(count, "runbook"),
            plural(errors, "error"),
            plural(warnings, "warning"),
        ];
        output::text(&format!("{}\n", told.join(", ")));
    }
    Ok(ExitCode::from(if errors > 0 { 2 } else { 0 }))
}

/// Everything that is wrong or doubtful in a runbook, in document order.
pub(super) fn findings(library: &Library, scene: &Scene) -> Result<Vec<Diagnostic>, CliError> {
    let document = &scene.document;
    let snapshots = library.snapshots(&document.lab);
    let folder = &scene.lab.folder;
    let facts = LintFacts {
        compose: scene.facts.compose.clone(),
        snapshots: headers(&snapshots)?,
        code_digest: Some(code_digest),
        missing_snapshots: (!document.lab.is_ours && !snapshots.is_dir()).then_some(snapshots),
        without_compose: find_compose_file(folder).is_none().then(|| folder.clone()),
    };
    Ok(labctl_runbook::lint(
        &document.source,
        &document.runbook,
        &facts,
    ))
}

/// What the accepted snapshots of a lab say of their blocks.
fn headers(folder: &Path) -> Result<Vec<SnapshotHeader>, CliError> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut headers = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "snap")
        {
            let file =
                SnapshotFile::read(&path).map_err(|error| CliError::Errored(error.to_string()))?;
            headers.extend(file.map(|file| SnapshotHeader {
                block: file.block,
                code_digest: file.code_digest,
            }));
        }
    }
    Ok(headers)
}
