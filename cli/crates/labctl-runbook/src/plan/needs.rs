//! What `needs BLOCK` may say.

use super::{SelectError, select::find};
use crate::{Diagnostic, Runbook, Severity};

/// Every `needs` that names no block, several, or one that does not come before.
///
/// With one of these the runbook cannot be played as its author means it.
pub fn check_needs(runbook: &Runbook) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, block) in runbook.blocks.iter().enumerate() {
        for (name, span) in &block.expectations.needs {
            let (code, message, help) = match find(runbook, name) {
                Ok(need) if need < index => continue,
                Ok(need) if need == index => {
                    ("needs-itself", format!("`{name}` needs itself"), None)
                }
                Ok(need) => (
                    "needs-later-block",
                    format!("`{name}` comes after the block that needs it"),
                    Some(format!(
                        "move it up from line {}",
                        runbook.blocks[need].line
                    )),
                ),
                Err(SelectError::UnknownBlock { nearest, .. }) => (
                    "unknown-block",
                    format!("no block named `{name}`"),
                    nearest
                        .first()
                        .map(|near| format!("did you mean `{}`?", near.name)),
                ),
                Err(error) => (
                    "ambiguous-block",
                    error.to_string(),
                    Some("give one of them another name".to_owned()),
                ),
            };
            found.push(Diagnostic {
                severity: Severity::Error,
                code,
                message,
                span: *span,
                help,
            });
        }
    }
    found
}
