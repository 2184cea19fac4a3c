//! What labctl itself costs, beside bash and `true` in the same run: `cargo run --release -p labctl-bench --bin blocks`.
//!
//! The runs of ours and of the reference take turns, so that what else the machine does hits both; the medians of both
//! and their ratio are printed.

#![expect(clippy::print_stdout, reason = "what it measured is what it prints")]

mod memory;
mod pages;
mod side_by_side;

use std::{
    env,
    error::Error,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use side_by_side::compare;

const ROUNDS: usize = 11;
const BLOCKS: u32 = 100;
const RUNBOOKS: usize = 63;
const BLOCKS_OF_A_RUNBOOK: usize = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let labctl = build()?;
    let folder = tempfile::tempdir()?;
    let page = pages::trivial(folder.path(), BLOCKS)?;
    let library = pages::library(folder.path(), RUNBOOKS, BLOCKS_OF_A_RUNBOOK)?;

    println!("per block, {BLOCKS} trivial blocks in one run (ms)");
    compare(
        ("labctl run --all", || {
            run(labctl_at(&labctl, folder.path())
                .args(["-q", "run"])
                .arg(&page)
                .arg("--all"))
        }),
        ("a loop of bash -c", || {
            (0..BLOCKS).try_for_each(|_| run(Command::new("bash").args(["-c", "true"])))
        }),
        ROUNDS,
        BLOCKS,
    )?;

    println!("start-up (ms)");
    compare(
        ("labctl --version", || {
            run(Command::new(&labctl).arg("--version"))
        }),
        ("/bin/true", || run(&mut Command::new("/bin/true"))),
        ROUNDS * 10,
        1,
    )?;

    println!("{RUNBOOKS} runbooks of {BLOCKS_OF_A_RUNBOOK} blocks (ms)");
    compare(
        ("labctl list", || {
            run(labctl_at(&labctl, &library).arg("list"))
        }),
        ("cat of them", || {
            run(Command::new("sh")
                .args(["-c", "cat runbooks/*.md"])
                .current_dir(&library))
        }),
        ROUNDS * 5,
        1,
    )?;

    println!("peak memory (KiB)");
    memory::compare(&labctl, folder.path())?;
    Ok(())
}

/// Builds labctl as it is shipped.
fn build() -> Result<PathBuf, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "-p", "labctl"])
        .current_dir(&root)
        .status()?;
    if !status.success() {
        return Err("labctl cannot be built".into());
    }
    let own = env::current_exe()?;
    let folder = own
        .ancestors()
        .nth(2)
        .ok_or("this program is in no target folder")?;
    Ok(folder.join("release/labctl"))
}

fn labctl_at(labctl: &Path, folder: &Path) -> Command {
    let mut command = Command::new(labctl);
    command.current_dir(folder);
    command
}

/// Runs it with its streams closed; that it fails is an error.
fn run(command: &mut Command) -> io::Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?} failed: {status}")))
    }
}
