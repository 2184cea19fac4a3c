//! What a shell offers when the tab key is pressed: labs, and the blocks of the lab typed before.

use std::{ffi::OsStr, path::Path};

use clap_complete::{
    PathCompleter,
    engine::{CompletionCandidate, ValueCompleter},
};

use crate::{document::Document, library::Library};

/// Labs by slug, and Markdown files.
pub(crate) fn labs(typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed_text = typed.to_string_lossy();
    let labs = Library::find(&current_folder()).labs().unwrap_or_default();
    let mut candidates: Vec<_> = labs
        .iter()
        .filter(|lab| lab.name.starts_with(&*typed_text))
        .map(|lab| CompletionCandidate::new(&lab.name))
        .collect();
    let is_runbook =
        |path: &Path| path.is_dir() || path.extension().is_some_and(|extension| extension == "md");
    candidates.extend(PathCompleter::any().filter(is_runbook).complete(typed));
    candidates
}

/// The names of the blocks of the lab on the command line, with what each is for.
pub(crate) fn blocks(typed: &OsStr) -> Vec<CompletionCandidate> {
    // The completion engine hands over the word only; the command line stands in our own arguments, after `--`.
    let mut words = std::env::args_os().skip_while(|word| word != "run").skip(1);
    let lab = loop {
        let Some(word) = words.next() else { break None };
        match &*word.to_string_lossy() {
            "-t" | "--tag" | "--timeout" | "--cwd" => drop(words.next()),
            option if option.starts_with('-') => {}
            _ => break Some(word),
        }
    };
    let library = Library::find(&current_folder());
    let Some(document) = lab
        .and_then(|lab| library.resolve(&lab.to_string_lossy()).ok())
        .and_then(|lab| Document::load(lab).ok())
    else {
        return Vec::new();
    };
    let typed = typed.to_string_lossy();
    document
        .runbook
        .blocks
        .iter()
        .filter(|block| block.name.starts_with(&*typed))
        .map(|block| {
            let description =
                (!block.description.is_empty()).then(|| block.description.clone().into());
            CompletionCandidate::new(&block.name).help(description)
        })
        .collect()
}

fn current_folder() -> std::path::PathBuf {
    std::env::current_dir().unwrap_or_default()
}
