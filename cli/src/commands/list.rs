//! `labctl list [LAB|PATH]`.

use std::{io::IsTerminal as _, process::ExitCode};

use labctl_runbook::{Block, Language, Runbook, ShellKind};
use serde::Serialize;

use crate::{
    args::ListArgs,
    document::{self, Document},
    error::CliError,
    library::{LabPath, Library},
    output,
    report::columns::columns,
};

/// One lab, as `list --json` prints it.
#[derive(Serialize)]
struct LabEntry<'a> {
    lab: &'a str,
    title: String,
    file: String,
    blocks: usize,
}

/// One block, as `list LAB --json` prints it: Runme's fields, then ours.
#[derive(Serialize)]
struct BlockEntry<'a> {
    name: &'a str,
    file: String,
    first_command: &'a str,
    description: &'a str,
    named: bool,
    run_all: bool,
    language: &'a str,
    line: usize,
    background: bool,
    tags: Vec<&'a str>,
    code: &'a str,
}

pub(crate) fn list(library: &Library, args: &ListArgs) -> Result<ExitCode, CliError> {
    match &args.lab {
        None => labs(library, args.json)?,
        Some(typed) => blocks(library.resolve(typed)?, args.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn labs(library: &Library, json: bool) -> Result<(), CliError> {
    let labs = library.resolve_all(&[])?;
    let entries = labs.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    if json {
        print_json(&entries);
        return Ok(());
    }
    let rows = entries.iter().map(|entry| {
        vec![
            entry.lab.to_owned(),
            entry.title.clone(),
            entry.blocks.to_string(),
            entry.file.clone(),
        ]
    });
    output::text(&columns(&["LAB", "TITLE", "BLOCKS", "FILE"], rows));
    Ok(())
}

/// Of all that a runbook says, only this much is read.
fn entry(lab: &LabPath) -> Result<LabEntry<'_>, CliError> {
    let source = document::read(&lab.runbook)?;
    Ok(LabEntry {
        lab: &lab.name,
        title: title(&source).to_owned(),
        file: lab.runbook.display().to_string(),
        blocks: Runbook::count_blocks(&source),
    })
}

fn blocks(lab: LabPath, json: bool) -> Result<(), CliError> {
    let document = Document::load(lab)?;
    let file = document.lab.runbook.display().to_string();
    let blocks = &document.runbook.blocks;
    if json {
        let entries: Vec<_> = blocks
            .iter()
            .map(|block| BlockEntry {
                name: &block.name,
                file: file.clone(),
                first_command: &block.first_command,
                description: &block.description,
                named: block.is_named,
                run_all: !block.is_excluded_from_run_all(),
                language: language(&block.language),
                line: block.line,
                background: block.is_background(),
                tags: block.tags().collect(),
                code: &block.code,
            })
            .collect();
        print_json(&entries);
        return Ok(());
    }
    if blocks.is_empty() {
        return Err(CliError::NoBlocks {
            path: document.lab.runbook,
        });
    }
    let rows = blocks.iter().map(|block| {
        vec![
            if block.is_excluded_from_run_all() {
                block.name.clone()
            } else {
                format!("{}*", block.name)
            },
            block.line.to_string(),
            language(&block.language).to_owned(),
            if block.is_background() { "yes" } else { "" }.to_owned(),
            expects(block),
            block.first_command.clone(),
        ]
    });
    output::text(&columns(
        &[
            "NAME",
            "LINE",
            "LANGUAGE",
            "BACKGROUND",
            "EXPECTS",
            "FIRST COMMAND",
        ],
        rows,
    ));
    if std::io::stdout().is_terminal() {
        output::text("\n* played by `labctl run LAB --all`\n");
    }
    Ok(())
}

/// What is judged of a block, in a few words.
fn expects(block: &Block) -> String {
    match block.expectations.statements.len() {
        0 => "exit 0".to_owned(),
        1 => "1 claim".to_owned(),
        claims => format!("{claims} claims"),
    }
}

/// The fence's word, as a person wrote it or near it.
fn language(language: &Language) -> &str {
    match language {
        Language::None => "",
        Language::Shell(ShellKind::Bash) => "bash",
        Language::Shell(ShellKind::Default) => "sh",
        Language::Shell(ShellKind::Zsh) => "zsh",
        Language::Other(word) => word,
    }
}

/// The first heading's text.
fn title(source: &str) -> &str {
    source
        .lines()
        .find_map(|line| line.strip_prefix("# "))
        .map_or("", str::trim)
}

fn print_json<T: Serialize>(value: &T) {
    let json =
        serde_json::to_string_pretty(value).expect("text, numbers and booleans always serialise");
    output::text(&format!("{json}\n"));
}
