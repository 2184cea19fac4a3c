//! `labctl print LAB BLOCK`.

use std::process::ExitCode;

use super::run::{lab_and_blocks, selection_error};
use crate::{args::PrintArgs, document::Document, error::CliError, library::Library, output};

pub(crate) fn print(library: &Library, args: &PrintArgs) -> Result<ExitCode, CliError> {
    let named = args.block.iter().cloned().collect();
    let (lab, blocks) = lab_and_blocks(library, &args.lab, named)?;
    let Some(name) = blocks.first() else {
        return Err(CliError::Usage(format!(
            "which block? `labctl list {}` shows them",
            args.lab
        )));
    };
    let document = Document::load(lab)?;
    let found = document.runbook.find(name);
    let block =
        &document.runbook.blocks[found.map_err(|error| selection_error(&error, &document))?];
    let text = if args.raw {
        document.source[block.span.range()].trim_end()
    } else {
        &block.code
    };
    output::text(text);
    if !args.no_newline {
        output::text("\n");
    }
    Ok(ExitCode::SUCCESS)
}
