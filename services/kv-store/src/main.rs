//! `kv-store inspect DIR` prints what is in a data directory that no store has open.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use kv_store::wal::{Soundness, inspect};

const USAGE: &str = "usage: kv-store [healthcheck | inspect DIR]";

/// Of `inspect`: what was acknowledged is not all there.
const DAMAGED: u8 = 1;
const USAGE_ERROR: u8 = 2;
/// Of `inspect`: it could not be told.
const ERRORED: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [command, folder] if command == "inspect" => match inspect_to_output(Path::new(folder)) {
            Ok(Soundness::Sound) => ExitCode::SUCCESS,
            Ok(Soundness::Damaged) => ExitCode::from(DAMAGED),
            Err(error) => {
                complain(&service_kit::error_chain(error.as_ref()));
                ExitCode::from(ERRORED)
            }
        },
        _ => {
            complain(USAGE);
            ExitCode::from(USAGE_ERROR)
        }
    }
}

fn inspect_to_output(folder: &Path) -> Result<Soundness, Box<dyn Error>> {
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let soundness = inspect(folder, &mut output)?;
    output.flush()?;
    Ok(soundness)
}

fn complain(text: &str) {
    // With standard error gone, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "kv-store: {text}");
}
