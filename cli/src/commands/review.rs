//! `labctl review [LAB]`: what was recorded and is not accepted yet, one key each.

use std::{
    fs,
    io::{IsTerminal, stdin, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use crossterm::{
    event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use labctl_engine::{PendingSnapshot, SnapshotError, SnapshotFolder, pending_in};

use crate::{args::ReviewArgs, document::Document, error::CliError, library::Library, output};

/// Exit code 0 when nothing is left pending, 1 when something is.
pub(crate) fn review(library: &Library, args: &ReviewArgs) -> Result<ExitCode, CliError> {
    if args.prune {
        return prune(library, args);
    }
    let pending = pending(library, args)?;
    if pending.is_empty() {
        output::text("nothing is pending\n");
        return Ok(ExitCode::SUCCESS);
    }
    let count = pending.len();
    let plural = if count == 1 { "snapshot" } else { "snapshots" };
    if args.accept || args.reject {
        for one in pending {
            let done = if args.accept {
                one.accept()
            } else {
                one.reject()
            };
            done.map_err(|error| told(&error))?;
        }
        output::text(&format!(
            "{} {count} {plural}\n",
            if args.accept { "accepted" } else { "rejected" }
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if args.list || !(stdin().is_terminal() && stdout().is_terminal()) {
        for one in &pending {
            show(one);
        }
        output::text(&format!(
            "{count} {plural} pending; `labctl review{} --accept` or `--reject` settles them\n",
            args.lab
                .as_ref()
                .map(|lab| format!(" {lab}"))
                .unwrap_or_default()
        ));
        return Ok(ExitCode::from(1));
    }
    ask(pending)
}

fn pending(library: &Library, args: &ReviewArgs) -> Result<Vec<PendingSnapshot>, CliError> {
    let typed: Vec<_> = args.lab.iter().cloned().collect();
    let mut folders: Vec<PathBuf> = library
        .resolve_all(&typed)?
        .iter()
        .map(|lab| library.snapshots(lab))
        .collect();
    if typed.is_empty()
        && let Some(root) = library.root()
        && let Ok(entries) = fs::read_dir(root.join("snapshots"))
    {
        // A lab that is gone may have left some.
        folders.extend(
            entries
                .flatten()
                .map(|entry| root.join("snapshots").join(entry.file_name())),
        );
    }
    folders.sort();
    folders.dedup();
    let mut all = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        all.extend(pending_in(folder).map_err(|error| told(&error))?);
    }
    Ok(all)
}

/// Removes what belongs to no block; the folder of a lab that is gone is a person's to remove.
fn prune(library: &Library, args: &ReviewArgs) -> Result<ExitCode, CliError> {
    let typed: Vec<_> = args.lab.iter().cloned().collect();
    let mut count = 0;
    for lab in library.resolve_all(&typed)? {
        let folder = SnapshotFolder {
            path: library.snapshots(&lab),
            source: String::new(),
            is_read_only: false,
        };
        let document = Document::load(lab)?;
        for path in folder.strays(&document.runbook) {
            fs::remove_file(&path).map_err(|source| CliError::Write {
                path: path.clone(),
                source,
            })?;
            output::text(&format!("removed {}\n", path.display()));
            count += 1;
        }
    }
    if count == 0 {
        output::text("every accepted snapshot belongs to a block\n");
    }
    Ok(ExitCode::SUCCESS)
}

fn ask(pending: Vec<PendingSnapshot>) -> Result<ExitCode, CliError> {
    let count = pending.len();
    let (mut accepted, mut rejected) = (0, 0);
    for (number, one) in pending.into_iter().enumerate() {
        output::text(&format!("\n{} of {count}\n", number + 1));
        show(&one);
        output::text("a accept   r reject   s skip   q quit ");
        match key()? {
            Answer::Accept => {
                one.accept().map_err(|error| told(&error))?;
                accepted += 1;
                output::text("accepted\n");
            }
            Answer::Reject => {
                one.reject().map_err(|error| told(&error))?;
                rejected += 1;
                output::text("rejected\n");
            }
            Answer::Skip => output::text("skipped\n"),
            Answer::Quit => {
                output::text("\n");
                break;
            }
        }
    }
    let left = count - accepted - rejected;
    output::text(&format!(
        "{accepted} accepted, {rejected} rejected, {left} left pending\n"
    ));
    Ok(ExitCode::from(u8::from(left > 0)))
}

enum Answer {
    Accept,
    Reject,
    Skip,
    Quit,
}

/// Waits for one of the keys. The terminal is as before when this returns, whatever happens.
fn key() -> Result<Answer, CliError> {
    struct Raw;
    impl Drop for Raw {
        fn drop(&mut self) {
            drop(disable_raw_mode());
        }
    }
    enable_raw_mode().map_err(CliError::Start)?;
    let _raw = Raw;
    loop {
        let Event::Key(KeyEvent {
            code,
            modifiers,
            kind: KeyEventKind::Press,
            ..
        }) = read().map_err(CliError::Start)?
        else {
            continue;
        };
        match code {
            KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => {
                return Ok(Answer::Quit);
            }
            KeyCode::Char('a') => return Ok(Answer::Accept),
            KeyCode::Char('r') => return Ok(Answer::Reject),
            KeyCode::Char('s') => return Ok(Answer::Skip),
            KeyCode::Char('q') | KeyCode::Esc => return Ok(Answer::Quit),
            _ => {}
        }
    }
}

/// The file and a coloured difference.
fn show(pending: &PendingSnapshot) {
    let bold = Style::new().bold();
    let new = if pending.accepted.is_none() {
        " (new)"
    } else {
        ""
    };
    output::text(&format!(
        "{bold}{}{bold:#}{new}\n",
        pending.accepted_path.display()
    ));
    if pending.is_same_text() {
        output::text("the output is the same; the block's code changed since it was accepted\n");
    }
    for line in pending.diff().lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => AnsiColor::Green.on_default(),
            Some(b'-') => AnsiColor::Red.on_default(),
            Some(b'@') => AnsiColor::Cyan.on_default(),
            _ => Style::new(),
        };
        output::text(&format!("{style}{line}{style:#}\n"));
    }
}

fn told(error: &SnapshotError) -> CliError {
    let cause = std::error::Error::source(error)
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    CliError::Errored(format!("{error}{cause}"))
}
