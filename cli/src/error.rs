//! Everything that keeps a command from doing its work, and the exit code it means.

use std::{io, path::PathBuf, process::ExitCode};

use labctl_engine::RuntimeError;
use strsim::jaro_winkler;

/// Why a command could not do its work. A block or claim that failed is no error: it is in the report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot write {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a text file: byte {offset} is not UTF-8", path.display())]
    NotText { path: PathBuf, offset: usize },
    #[error("{} is larger than {} MiB; a runbook is a page a person reads", path.display(), limit_bytes >> 20)]
    TooLarge { path: PathBuf, limit_bytes: u64 },
    #[error("{} has no code blocks; see docs/runbook-format.md for what a block is", path.display())]
    NoBlocks { path: PathBuf },
    /// The findings have been printed.
    #[error("{} cannot be run: {errors} {} above", path.display(), if *errors == 1 { "error" } else { "errors" })]
    WrongRunbook { path: PathBuf, errors: usize },
    #[error(
        "no labs here: neither this folder nor one above it has a `runbooks` folder; name a Markdown file, or change to a checkout of labs"
    )]
    NoLabs,
    #[error("{}", unknown_lab(typed, *is_path, labs))]
    UnknownLab {
        typed: String,
        is_path: bool,
        labs: Vec<String>,
    },
    #[error("`{typed}` names several labs: {}; type one of them", candidates.join(", "))]
    AmbiguousLab {
        typed: String,
        candidates: Vec<String>,
    },
    /// The whole message, made where the candidates and their lines are known.
    #[error("{0}")]
    Selection(String),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error("{0}")]
    Errored(String),
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
}

impl CliError {
    /// The exit code: 2 for what was typed or written wrong, 3 for what could not be told.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Read { .. }
            | Self::NotText { .. }
            | Self::TooLarge { .. }
            | Self::NoBlocks { .. }
            | Self::WrongRunbook { .. }
            | Self::NoLabs
            | Self::UnknownLab { .. }
            | Self::AmbiguousLab { .. }
            | Self::Selection(_)
            | Self::Usage(_) => 2,
            Self::Write { .. } | Self::Runtime(_) | Self::Errored(_) | Self::Start(_) => 3,
        })
    }
}

fn unknown_lab(typed: &str, is_path: bool, labs: &[String]) -> String {
    if is_path {
        return format!("no file `{typed}`, and no lab of that name");
    }
    let nearest = nearest(
        typed,
        labs.iter().flat_map(|slug| {
            let (number, name) = slug.split_once('-').unwrap_or(("", slug));
            [slug.as_str(), number, name]
        }),
    );
    match (nearest, labs) {
        (_, []) => format!(
            "no lab named `{typed}`: neither this folder nor one above it has a `runbooks` folder"
        ),
        (Some(near), _) => format!("no lab named `{typed}`; did you mean `{near}`?"),
        (None, _) => format!("no lab named `{typed}`; there are {}", labs.join(", ")),
    }
}

/// The candidate nearest to what was typed, if any is near enough to be meant.
pub(crate) fn nearest<'a>(
    typed: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .map(|candidate| (jaro_winkler(typed, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
