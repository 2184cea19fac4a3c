//! `kv-store inspect DIR` prints what is in a data directory that no store has open.

use std::io::Write as _;
use std::process::ExitCode;

const USAGE: &str = "usage: kv-store [healthcheck | inspect DIR]";

fn main() -> ExitCode {
    // With standard error gone, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "kv-store: {USAGE}");
    ExitCode::from(2)
}
