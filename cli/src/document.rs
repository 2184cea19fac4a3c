//! A runbook file, read and parsed.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use labctl_runbook::{Diagnostic, Runbook, Severity};

use crate::{diagnostics, error::CliError, library::LabPath};

/// More than any page a person reads, less than hurts.
const LIMIT_BYTES: u64 = 64 << 20;

/// A runbook file, read and parsed.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) lab: LabPath,
    pub(crate) source: String,
    pub(crate) runbook: Runbook,
}

impl Document {
    /// Reads and parses; what is wrong inside is in the runbook's diagnostics.
    pub(crate) fn load(lab: LabPath) -> Result<Self, CliError> {
        let source = read(&lab.runbook)?;
        let runbook = Runbook::parse(&source);
        Ok(Self {
            lab,
            source,
            runbook,
        })
    }

    /// As [`Document::load`], for a document that is to be run: it must have blocks and no errors. Prints the errors
    /// and, unless `quiet`, the warnings.
    pub(crate) fn load_to_run(lab: LabPath, quiet: bool) -> Result<Self, CliError> {
        let document = Self::load(lab)?;
        let path = document.lab.runbook.clone();
        let shown: Vec<&Diagnostic> = document
            .runbook
            .diagnostics
            .iter()
            .filter(|diagnostic| !quiet || diagnostic.severity == Severity::Error)
            .collect();
        diagnostics::print(&path, &document.source, shown.iter().copied());
        let errors = shown
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .count();
        if errors > 0 {
            return Err(CliError::WrongRunbook { path, errors });
        }
        if document.runbook.blocks.is_empty() {
            return Err(CliError::NoBlocks { path });
        }
        Ok(document)
    }

    /// Prints these errors, found once more was known than the page.
    ///
    /// # Errors
    /// There are any.
    pub(crate) fn refuse(&self, errors: &[Diagnostic]) -> Result<(), CliError> {
        if errors.is_empty() {
            return Ok(());
        }
        diagnostics::print(&self.lab.runbook, &self.source, errors);
        Err(CliError::WrongRunbook {
            path: self.lab.runbook.clone(),
            errors: errors.len(),
        })
    }

    /// The runbook's own folder.
    pub(crate) fn folder(&self) -> PathBuf {
        match self.lab.runbook.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        }
    }
}

/// Reads a runbook's text.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    let failed = |source| CliError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len().min(LIMIT_BYTES);
    // Room for one more byte, so that the end is found without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(LIMIT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(CliError::TooLarge {
            path: path.to_owned(),
            limit_bytes: LIMIT_BYTES,
        });
    }
    String::from_utf8(bytes).map_err(|error| CliError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}
