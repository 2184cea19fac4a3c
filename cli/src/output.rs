//! The two streams a person reads. Colour goes where a terminal is and `NO_COLOR` is not.

use std::{
    io::{self, ErrorKind, Write},
    sync::OnceLock,
};

/// Writes to standard output; a reader that has gone away (`| head`) is no error.
pub(crate) fn text(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first one tells what is wrong; the work goes on, so that everything is taken down.
        let _ = LOST.set(error);
    }
}

static LOST: OnceLock<io::Error> = OnceLock::new();

/// Why something that was to be on standard output is not there, such as a full disk.
pub(crate) fn lost() -> Option<&'static io::Error> {
    LOST.get()
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
