//! The digest of what a lab's own images are built from: on the image as the label `labctl.sources`, computed again
//! before a running container is trusted.
//!
//! Every regular file at or below the paths under `x-labctl: {sources: […]}`, folders called `target` left out, gives
//! one line `<sha256 in hex>  <path>\n`; the lines sorted bytewise by path, the digest the SHA-256 of them all. Paths
//! are relative to the repository: the folder of the topmost `Cargo.toml` among the sources, else the lab's folder.
//! `ci/setup` computes the same.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{ComposeModel, DockerError};

/// The label on an image.
pub(crate) const LABEL: &str = "labctl.sources";
/// The variable that a Compose file builds the label from.
pub(crate) const VARIABLE: &str = "LABCTL_SOURCES";

/// The digest of the model's sources; `None` where it names none.
///
/// # Errors
/// A source is not there or cannot be read.
pub(crate) fn digest(model: &ComposeModel) -> Result<Option<String>, DockerError> {
    let sources: Vec<PathBuf> = model
        .labctl
        .sources
        .iter()
        .map(|source| normal(&model.folder.join(source)))
        .collect();
    if sources.is_empty() {
        return Ok(None);
    }
    let root = sources
        .iter()
        .filter(|source| source.file_name().is_some_and(|name| name == "Cargo.toml"))
        .min_by_key(|source| source.components().count())
        .and_then(|manifest| manifest.parent())
        .map_or_else(|| normal(&model.folder), Path::to_owned);
    let mut files = BTreeMap::new();
    for source in &sources {
        collect(&root, source, &mut files)?;
    }
    let mut all = Sha256::new();
    for (path, file) in &files {
        let content = fs::read(file).map_err(unreadable(file))?;
        all.update(hex(&Sha256::digest(content)));
        all.update(b"  ");
        all.update(path);
        all.update(b"\n");
    }
    Ok(Some(hex(&all.finalize())))
}

/// Adds every regular file at or below `path`, by its name as bytes.
fn collect(
    root: &Path,
    path: &Path,
    files: &mut BTreeMap<Vec<u8>, PathBuf>,
) -> Result<(), DockerError> {
    let kind = fs::symlink_metadata(path)
        .map_err(unreadable(path))?
        .file_type();
    if kind.is_dir() {
        if path.file_name().is_some_and(|name| name == "target") {
            return Ok(());
        }
        for entry in fs::read_dir(path).map_err(unreadable(path))? {
            collect(root, &entry.map_err(unreadable(path))?.path(), files)?;
        }
    } else if kind.is_file() {
        let name = path.strip_prefix(root).unwrap_or(path);
        files.insert(
            name.as_os_str().as_encoded_bytes().to_vec(),
            path.to_owned(),
        );
    }
    Ok(())
}

/// Without `.` and `..`, by text alone.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> DockerError {
    move |source| DockerError::Sources {
        path: path.to_owned(),
        source,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn model(folder: &Path, sources: &[&str]) -> ComposeModel {
        let json = serde_json::json!({"name": "p", "x-labctl": {"sources": sources}});
        let mut model: ComposeModel = serde_json::from_value(json).unwrap();
        model.folder = folder.to_owned();
        model
    }

    fn write(file: &Path, text: &str) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn a_lab_that_names_no_sources_has_no_digest() {
        assert_eq!(digest(&model(Path::new("/"), &[])).unwrap(), None);
    }

    #[test]
    fn a_source_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = digest(&model(folder.path(), &["nothing"])).unwrap_err();
        assert!(error.to_string().ends_with("/nothing"), "{error}");
    }

    #[test]
    fn the_digest_is_that_of_coreutils() {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("Cargo.toml", "workspace"),
            ("services/b/main.rs", "fn main() {}"),
            ("services/a-b/x", "1"),
            ("services/a/x", "2"),
            ("services/a/target/skipped", "3"),
            ("services/B", "4"),
        ] {
            write(&root.path().join(name), text);
        }
        let ours = digest(&model(
            &root.path().join("compose/lab"),
            &["../../services", "../../Cargo.toml", "../../services/a"],
        ));
        let script = "find Cargo.toml services -name target -prune -o -type f -print | LC_ALL=C sort -u \
                      | xargs sha256sum | sha256sum | cut -d' ' -f1";
        let theirs = Command::new("sh")
            .args(["-c", script])
            .current_dir(root.path())
            .output()
            .unwrap();
        let theirs = String::from_utf8(theirs.stdout).unwrap();
        assert_eq!(ours.unwrap().unwrap(), theirs.trim());
    }

    #[test]
    fn the_digest_of_this_repository_is_the_one_that_set_up_computes() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let lab = root.join("compose/08-cache-aside");
        let paths = ["Cargo.toml", "Cargo.lock", "services"];
        let sources = paths.map(|path| format!("../../{path}"));
        let ours = digest(&model(&lab, &sources.each_ref().map(String::as_str)));
        let theirs = Command::new("bash")
            .args(["-c", ". ci/lib.sh; source_digest \"$@\"", "bash"])
            .args(paths)
            .current_dir(&root)
            .output()
            .unwrap();
        let theirs = String::from_utf8(theirs.stdout).unwrap();
        assert_eq!(ours.unwrap().unwrap(), theirs.trim());
    }
}
