//! What a block that prints a gigabyte does to labctl's memory.

use std::{
    error::Error,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Each block reads the high-water mark of the process that runs it, which is labctl.
const PAGE: &str = "\
```bash {\"name\": \"quiet\"}
grep VmHWM: /proc/$PPID/status >&2
```
```bash {\"name\": \"flood\"}
head -c 1G /dev/zero | tr '\\0' 'a'
grep VmHWM: /proc/$PPID/status >&2
```
";
const LIMIT_KIB: u64 = 16 << 10;

/// Prints the peaks with a block that prints nothing and one that prints 1 GiB; an error where they are too far apart.
pub(crate) fn compare(labctl: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join("flood.md"), PAGE)?;
    let quiet = peak_kib(labctl, folder, "quiet")?;
    let flood = peak_kib(labctl, folder, "flood")?;
    println!("  a block of nothing   {quiet:8}");
    println!("  a block of 1 GiB     {flood:8}");
    if flood > quiet + LIMIT_KIB {
        return Err("a block's output moves labctl's memory by more than 16 MiB".into());
    }
    Ok(())
}

fn peak_kib(labctl: &Path, folder: &Path, block: &str) -> Result<u64, Box<dyn Error>> {
    let output = Command::new(labctl)
        .args(["run", "flood.md", block])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    let peak = said
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    peak.filter(|_| output.status.success())
        .ok_or_else(|| format!("block `{block}`: {said}").into())
}
