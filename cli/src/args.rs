//! What can be typed. Nothing here knows what it means.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use crate::complete;

/// The test runner for runbooks: runs a Markdown runbook's blocks for real and fails when what happens is not what
/// the page says.
#[derive(Debug, Parser)]
#[command(
    name = "labctl",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Global {
    /// Say only what matters most
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Show what the blocks print
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the labs, or a runbook's blocks
    #[command(alias = "ls")]
    List(ListArgs),
    /// Play blocks, in the order given, one environment carried from block to block
    #[command(alias = "exec")]
    Run(RunArgs),
    /// Print a block's code as it would be run
    Print(PrintArgs),
    /// Run labs block by block, judge every block, take everything down, print one table
    Verify(VerifyArgs),
    /// Play a runbook several times and record what its blocks print, without what varies
    Record(RecordArgs),
    /// Accept or reject pending snapshots
    Review(ReviewArgs),
    /// Bring a lab's services up and wait until they are ready
    Up(LabArg),
    /// Take a lab's services down, volumes included
    Down(LabArg),
    /// Show a lab's services: state, health, restarts, ports
    Status(LabArg),
    /// Show a lab's service logs
    Logs(LogsArgs),
    /// Show the last traces of a running lab
    Trace(TraceArgs),
    /// Show what a lab's metrics say, and what has changed since the last look
    Metrics(MetricsArgs),
    /// Say in plain words what is played and what is judged
    Explain(ExplainArgs),
    /// Say what is wrong with a runbook, and where
    Lint(LintArgs),
    /// Start a new lab: runbook, Compose file, first claims
    Init(InitArgs),
    /// Say what this machine lacks, and the command that mends it
    Doctor,
    /// Print a completion script; block names are completed too
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// A lab (`08`, `cache-aside`, `08-cache-aside`) or a Markdown file; all labs if left out
    #[arg(value_name = "LAB|PATH", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cwd: CwdArg,
}

#[derive(Debug, Args)]
pub(crate) struct CwdArg {
    /// Folder the blocks start in, instead of the runbook's own and its front matter's
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(crate) cwd: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each a flag")]
pub(crate) struct RunArgs {
    /// A lab or a Markdown file; `LAB/BLOCK` names both at once
    #[arg(value_name = "LAB", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// Blocks by name, in the order to be played
    #[arg(value_name = "BLOCK", add = ArgValueCompleter::new(complete::blocks))]
    pub(crate) blocks: Vec<String>,
    /// Every block that does not exclude itself
    #[arg(long, short = 'a', conflicts_with = "blocks")]
    pub(crate) all: bool,
    /// The blocks with this tag; may be repeated
    #[arg(long, short = 't', visible_alias = "category", visible_short_alias = 'c', value_name = "TAG", conflicts_with_all = ["blocks", "all"])]
    pub(crate) tag: Vec<String>,
    /// Ask nothing, as Runme has it; labctl never does
    #[arg(long, short = 'y')]
    pub(crate) skip_prompts: bool,
    /// Print the plan, run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Bring the lab's services up first
    #[arg(long)]
    pub(crate) up: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) cwd: CwdArg,
}

#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    /// A lab or a Markdown file; `LAB/BLOCK` names both at once
    #[arg(value_name = "LAB", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// The block
    #[arg(value_name = "BLOCK", add = ArgValueCompleter::new(complete::blocks))]
    pub(crate) block: Option<String>,
    /// Without a line break at its end
    #[arg(short = 'n')]
    pub(crate) no_newline: bool,
    /// As it stands on the page, its fence too
    #[arg(long, short)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// How long a block may take, such as `90s` or `10m` (a block's own `timeout` comes first)
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// Play blocks that harm what is not the lab's own
    #[arg(long)]
    pub(crate) allow_destructive: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each a flag")]
pub(crate) struct VerifyArgs {
    /// Labs or Markdown files; every lab if left out
    #[arg(value_name = "LAB|PATH", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) labs: Vec<String>,
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    /// Only the K-th of N parts of the labs
    #[arg(long, value_name = "K/N", value_parser = parse_partition)]
    pub(crate) partition: Option<Partition>,
    /// A JSON report of an earlier run, by whose times the parts are balanced
    #[arg(long, value_name = "FILE", requires = "partition")]
    pub(crate) durations: Option<PathBuf>,
    /// Play every lab N times; a block that does not pass each time is no pass
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) repeat: u16,
    /// After the first block that does not pass, take the lab down and play no other
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Write a report: `junit`, `json`, `html`, `tap`, `github` or, as it goes, `events`; `-` is standard output; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_report)]
    pub(crate) report: Vec<ReportFile>,
    /// Keep all that is known of each block that did not pass, in folders below this one
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub(crate) bundle: Option<PathBuf>,
    /// Leave a failed lab up, and say how to get in
    #[arg(long)]
    pub(crate) keep: bool,
    /// Print the plan with every skip, deadline and reason; run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Play the blocks that stand after the cleanup, before it
    #[arg(long)]
    pub(crate) on_demand: bool,
    /// How long a lab may take as a whole
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "45m")]
    pub(crate) lab_timeout: Duration,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) cwd: CwdArg,
}

/// Which blocks; the ones that bring a lab up and take it down are always played.
#[derive(Debug, Args)]
pub(crate) struct ChoiceArgs {
    /// Only blocks of this name, in which `*` stands for any text; may be repeated
    #[arg(long, value_name = "PATTERN", add = ArgValueCompleter::new(complete::blocks))]
    pub(crate) block: Vec<String>,
    /// Only blocks with this tag; may be repeated
    #[arg(long, short = 't', value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Only this block and those after it
    #[arg(long, value_name = "BLOCK", add = ArgValueCompleter::new(complete::blocks))]
    pub(crate) from: Option<String>,
    /// Only this block and those before it
    #[arg(long, value_name = "BLOCK", add = ArgValueCompleter::new(complete::blocks))]
    pub(crate) until: Option<String>,
    /// And the blocks that these say they need
    #[arg(long)]
    pub(crate) needs: bool,
    /// Only the blocks that did not pass when they were last played, and those they need
    #[arg(long, conflicts_with_all = ["block", "tag", "from", "until"])]
    pub(crate) failed: bool,
}

/// Part `part` (from 1) of `parts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) part: usize,
    pub(crate) parts: usize,
}

fn parse_partition(text: &str) -> Result<Partition, String> {
    let parsed = text
        .split_once('/')
        .and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    match parsed {
        Some((part, parts)) if 1 <= part && part <= parts => Ok(Partition { part, parts }),
        _ => Err("expected K/N with 1 <= K <= N, such as `1/3`".to_owned()),
    }
}

/// A report to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportFile {
    pub(crate) format: ReportFormat,
    pub(crate) path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// JUnit XML
    Junit,
    /// One JSON object
    Json,
    /// A page for a person, with pictures
    Html,
    /// The Test Anything Protocol, version 14
    Tap,
    /// Annotations of GitHub's, at the page's lines
    Github,
    /// A JSON object a line, for each event, as it happens
    Events,
}

fn parse_report(text: &str) -> Result<ReportFile, String> {
    let (format, path) = text
        .split_once('=')
        .filter(|(_, path)| !path.is_empty())
        .ok_or("expected FORMAT=FILE, such as `junit=report.xml`")?;
    let format = ReportFormat::from_str(format, false).map_err(|_| {
        let known: Vec<_> = ReportFormat::value_variants()
            .iter()
            .filter_map(ReportFormat::to_possible_value)
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        format!(
            "no report format `{format}`; there are {}",
            known.join(", ")
        )
    })?;
    Ok(ReportFile {
        format,
        path: path.into(),
    })
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// A lab or a Markdown file
    #[arg(value_name = "LAB|PATH", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// How many runs are compared
    #[arg(short = 'n', long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) times: u16,
    /// Play the blocks that stand after the cleanup, before it
    #[arg(long)]
    pub(crate) on_demand: bool,
    /// How long a run may take as a whole
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "45m")]
    pub(crate) lab_timeout: Duration,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) cwd: CwdArg,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each a flag")]
pub(crate) struct ReviewArgs {
    /// A lab or a Markdown file; everything pending if left out
    #[arg(value_name = "LAB|PATH", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: Option<String>,
    /// Print what is pending, with its difference
    #[arg(long, group = "action")]
    pub(crate) list: bool,
    /// Accept everything pending
    #[arg(long, group = "action")]
    pub(crate) accept: bool,
    /// Reject everything pending
    #[arg(long, group = "action")]
    pub(crate) reject: bool,
    /// Remove the accepted snapshots whose block is gone
    #[arg(long, group = "action")]
    pub(crate) prune: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LabArg {
    /// A lab
    #[arg(value_name = "LAB", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// A lab or a Markdown file
    #[arg(value_name = "LAB", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// How many traces
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) last: u16,
    /// Where the lab has no Jaeger: how long to listen for traces
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "20s")]
    pub(crate) wait: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    /// A lab or a Markdown file
    #[arg(value_name = "LAB", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// Series at zero that have not changed, too
    #[arg(long)]
    pub(crate) all: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// A lab
    #[arg(value_name = "LAB", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// Services; all of them if left out
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// Go on printing what comes
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Only the last N lines of each service
    #[arg(long, value_name = "N")]
    pub(crate) tail: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A lab or a Markdown file
    #[arg(value_name = "LAB|PATH", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) lab: String,
    /// Blocks by name; all of them if left out
    #[arg(value_name = "BLOCK", add = ArgValueCompleter::new(complete::blocks))]
    pub(crate) blocks: Vec<String>,
    #[command(flatten)]
    pub(crate) cwd: CwdArg,
}

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Labs or Markdown files; every lab if left out
    #[arg(value_name = "LAB|PATH", add = ArgValueCompleter::new(complete::labs))]
    pub(crate) labs: Vec<String>,
    /// How the findings are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: LintFormat,
    #[command(flatten)]
    pub(crate) cwd: CwdArg,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// Each with its line and a caret, on standard error
    Text,
    /// One JSON array
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub's, at the page's lines
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The new lab's slug, such as `51-leader-election`
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// For which shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: CompletionShell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompletionShell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_partition_is_k_of_n() {
        assert_eq!(parse_partition("2/3"), Ok(Partition { part: 2, parts: 3 }));
        for wrong in ["", "0/3", "4/3", "1", "1/0", "a/b", "-1/2"] {
            assert!(parse_partition(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_report_is_a_format_and_a_file() {
        assert_eq!(
            parse_report("json=a=b.json"),
            Ok(ReportFile {
                format: ReportFormat::Json,
                path: "a=b.json".into()
            })
        );
        for wrong in ["", "json", "json=", "=x", "pdf=x"] {
            assert!(parse_report(wrong).is_err(), "{wrong}");
        }
    }
}
