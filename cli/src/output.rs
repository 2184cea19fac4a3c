//! The two streams a person reads. Colour goes where a terminal is and `NO_COLOR` is not.

use std::io::{self, Write};

/// Writes to standard output; a reader that has gone away (`| head`) is no error.
pub(crate) fn text(text: &str) {
    ignore_broken_pipe(anstream::stdout().lock().write_all(text.as_bytes()));
}

/// Writes to standard error.
pub(crate) fn error_text(text: &str) {
    ignore_broken_pipe(anstream::stderr().lock().write_all(text.as_bytes()));
}

/// One line of labctl's own on standard error, with its prefix.
pub(crate) fn say(message: &str) {
    error_text(&format!("labctl: {message}\n"));
}

/// Nothing useful can be done when the terminal itself is gone; the run goes on and its exit code tells.
fn ignore_broken_pipe(written: io::Result<()>) {
    drop(written);
}
