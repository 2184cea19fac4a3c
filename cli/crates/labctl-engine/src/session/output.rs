//! From bytes as kept to text as judged.

use labctl_runbook::Output;

use crate::{Captured, Secrets};

/// The text of a stream: other bytes than UTF-8 replaced, terminal escapes removed, secrets masked, a line in place of
/// what was not kept.
pub(super) fn output(captured: &Captured, secrets: &Secrets) -> Output {
    let bytes = if captured.omitted_bytes == 0 {
        [captured.head.as_slice(), captured.tail.as_slice()].concat()
    } else {
        let gap = format!("\n… {} bytes not kept …\n", captured.omitted_bytes);
        [
            captured.head.as_slice(),
            gap.as_bytes(),
            captured.tail.as_slice(),
        ]
        .concat()
    };
    let plain = if bytes.contains(&0x1b) {
        strip_ansi_escapes::strip(&bytes)
    } else {
        bytes
    };
    Output {
        text: secrets.mask(&String::from_utf8_lossy(&plain)),
        omitted_bytes: captured.omitted_bytes,
    }
}
