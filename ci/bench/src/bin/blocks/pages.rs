//! Runbooks made for measuring.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// A page of blocks that do nothing.
pub(crate) fn trivial(folder: &Path, blocks: u32) -> io::Result<PathBuf> {
    let mut text = "# Page\n".to_owned();
    for block in 0..blocks {
        let _ = write!(text, "\n```bash {{\"name\": \"b{block}\"}}\ntrue\n```\n");
    }
    let path = folder.join("page.md");
    fs::write(&path, text)?;
    Ok(path)
}

/// A folder with `runbooks/` in it, each block with a few lines and a claim.
pub(crate) fn library(folder: &Path, runbooks: usize, blocks: usize) -> io::Result<PathBuf> {
    let library = folder.join("library");
    fs::create_dir_all(library.join("runbooks"))?;
    for runbook in 1..=runbooks {
        let mut text = format!("---\ncwd: ..\n---\n# Lab {runbook:02}\n");
        for block in 0..blocks {
            let _ = write!(
                text,
                "\n## Step {block}\n\nRead it and look at the status.\n\n\
                ```bash {{\"name\": \"step-{block}\"}}\n\
                curl -s localhost:8000/products/{block} | jq '{{id, name, price}}'\n```\n\
                <!-- expect\njson $.id == {block}\n-->\n"
            );
        }
        fs::write(library.join(format!("runbooks/{runbook:02}-lab.md")), text)?;
    }
    Ok(library)
}
