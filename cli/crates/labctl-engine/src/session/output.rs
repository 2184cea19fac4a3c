//! From bytes as kept to text as judged.

use labctl_runbook::Output;

use crate::{Captured, Secrets};

/// The text of a stream as a terminal would have shown it, secrets masked.
pub(super) fn output(captured: &Captured, secrets: &Secrets) -> Output {
    let output = captured.text();
    Output {
        text: secrets.mask(&output.text),
        ..output
    }
}
