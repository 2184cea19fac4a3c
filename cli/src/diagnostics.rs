//! Findings in a runbook, printed with file, line and caret.

use std::{fmt::Write as _, path::Path};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};
use labctl_runbook::{Diagnostic, Severity};

use crate::output;

/// Prints findings to standard error, coloured where that is a terminal.
pub(crate) fn print<'a>(
    path: &Path,
    source: &str,
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
) {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let _ = writeln!(text, "{}\n", render(path, source, diagnostic));
    }
    output::error_text(&text);
}

/// One finding: severity, code, message, the line with a caret, and what to do.
fn render(path: &Path, source: &str, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // Only the lines around the place: rendering stays linear in a document with many findings.
    let span = diagnostic.span.range();
    let from = source[..span.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let to = source[span.end..]
        .find('\n')
        .map_or(source.len(), |newline| span.end + newline);
    let line = source[..from].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let snippet = Snippet::source(&source[from..to])
        .line_start(line)
        .path(path.display().to_string())
        .annotation(AnnotationKind::Primary.span(span.start - from..span.end - from));
    let mut report = level
        .primary_title(&diagnostic.message)
        .id(diagnostic.code)
        .element(snippet);
    if let Some(help) = &diagnostic.help {
        report = report.element(Level::HELP.message(help));
    }
    Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .render(&[report])
}

#[cfg(test)]
mod tests {
    use labctl_runbook::Span;

    use super::*;

    #[test]
    fn a_finding_shows_file_line_caret_and_help() {
        let source = "# Page\n\n<!-- expect\njsno $.a == 1\n-->\n";
        let start = source.find("jsno").unwrap();
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            code: "unknown-word",
            message: "unknown subject `jsno`".to_owned(),
            span: Span::new(start, start + 4),
            help: Some("did you mean `json`?".to_owned()),
        };
        let text = anstream::adapter::strip_str(&render(Path::new("page.md"), source, &diagnostic))
            .to_string();
        insta::assert_snapshot!(text, @r"
        error[unknown-word]: unknown subject `jsno`
         --> page.md:4:1
          |
        4 | jsno $.a == 1
          | ^^^^
          |
          = help: did you mean `json`?
        ");
    }
}
