//! One snapshot file.
//!
//! ```text
//! ---
//! source: runbooks/08-cache-aside.md
//! expression: second-read-hit
//! info:
//!   block: second-read-hit
//!   code: ba7816bf8f01cfea
//!   redact: ["uuid in $.id"]
//! ---
//! the accepted text
//! ```
//! insta's format (its `snapshot.rs`): a YAML header, then the text with its trailing white space cut. A pending file
//! has the same format and the name `….snap.new`. `redact` is only there where `labctl record` found what varies: rules
//! besides the runbook's own, for a runbook that is not to be touched.

use std::{fs, io::Write as _, path::Path};

use labctl_runbook::expect::Redaction;
use serde::Deserialize;

use crate::SnapshotError;

/// A snapshot as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// The runbook, relative to the workspace.
    pub source: String,
    /// The block's name.
    pub block: String,
    /// The digest of the block's code when the text was recorded; empty if the header does not say.
    pub code_digest: String,
    /// What is hidden besides what the runbook hides.
    pub redactions: Vec<Redaction>,
    /// The text, no white space at its end.
    pub text: String,
}

#[derive(Deserialize)]
struct Header {
    source: Option<String>,
    expression: Option<String>,
    info: Option<Info>,
}

#[derive(Default, Deserialize)]
struct Info {
    block: Option<String>,
    code: Option<String>,
    #[serde(default)]
    redact: Vec<String>,
}

impl SnapshotFile {
    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is not in insta's format.
    pub fn read(path: &Path) -> Result<Option<Self>, SnapshotError> {
        match fs::read_to_string(path) {
            Ok(content) => {
                Self::parse(&content)
                    .map(Some)
                    .map_err(|why| SnapshotError::Malformed {
                        path: path.to_path_buf(),
                        why,
                    })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SnapshotError::io("read", path)(error)),
        }
    }

    fn parse(content: &str) -> Result<Self, String> {
        let content = content.replace("\r\n", "\n");
        let rest = content
            .strip_prefix("---\n")
            .ok_or("it does not begin with `---`")?;
        let (header, text) = match rest.strip_suffix("\n---") {
            Some(header) => (header, ""),
            None => rest.split_once("\n---\n").ok_or("its header has no end")?,
        };
        let header: Header = serde_saphyr::from_str(header).map_err(|error| error.to_string())?;
        let Info {
            block,
            code,
            redact,
        } = header.info.unwrap_or_default();
        let redactions = redact.iter().map(|rule| {
            Redaction::parse(rule).map_err(|why| format!("`redact {rule}` in its header: {why}"))
        });
        Ok(Self {
            source: header.source.unwrap_or_default(),
            block: block.or(header.expression).unwrap_or_default(),
            code_digest: code.unwrap_or_default(),
            redactions: redactions.collect::<Result<_, _>>()?,
            text: normalized(text),
        })
    }

    /// Writes the file whole or not at all: under another name first, then renamed.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(SnapshotError::io("create", folder))?;
        let error = |error| SnapshotError::io("write", path)(error);
        let mut file = tempfile::Builder::new()
            .prefix(".labctl-")
            .tempfile_in(folder)
            .map_err(error)?;
        file.write_all(self.to_text().as_bytes()).map_err(error)?;
        file.as_file().sync_all().map_err(error)?;
        make_readable(file.path()).map_err(error)?;
        file.persist(path).map_err(|failed| error(failed.error))?;
        Ok(())
    }

    fn to_text(&self) -> String {
        let [source, block, code] =
            [&self.source, &self.block, &self.code_digest].map(|text| quoted(text));
        let text = normalized(&self.text);
        let rules: Vec<_> = self.redactions.iter().map(ToString::to_string).collect();
        let redact = match &rules[..] {
            [] => String::new(),
            rules => format!("  redact: {}\n", serde_json::Value::from(rules)),
        };
        format!(
            "---\nsource: {source}\nexpression: {block}\ninfo:\n  block: {block}\n  code: {code}\n{redact}---\n{text}\n"
        )
    }
}

/// As insta compares: line ends as `\n`, no white space at the end.
pub(super) fn normalized(text: &str) -> String {
    text.trim_end().replace("\r\n", "\n")
}

/// A YAML string in double quotes, which JSON's are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A temporary file is its owner's alone; a snapshot is for everybody who may read the folder.
fn make_readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_round_trip(text: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.snap");
        let file = SnapshotFile {
            source: "runbooks/08: \"odd\".md".into(),
            block: "a: b".into(),
            code_digest: "1234567812345678".into(),
            redactions: ["uuid in $[\"a b\"]", "port"]
                .map(|rule| Redaction::parse(rule).unwrap())
                .into(),
            text: text.into(),
        };
        file.write(&path).unwrap();
        let read = SnapshotFile::read(&path).unwrap().unwrap();
        assert_eq!(
            read,
            SnapshotFile {
                text: expected.into(),
                ..file
            }
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        check_round_trip("", "");
        check_round_trip("one line\n", "one line");
        check_round_trip(
            "  indented\r\n\n---\n---\nend\n\n\n",
            "  indented\n\n---\n---\nend",
        );
        check_round_trip("---\n", "---");
    }

    #[test]
    fn a_missing_file_is_none_and_a_broken_one_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            SnapshotFile::read(&folder.path().join("no.snap")).unwrap(),
            None
        );
        let path = folder.path().join("broken.snap");
        for broken in [
            "just text",
            "---\nsource: a\ninfo:\n  redact: [\"uid\"]\n---\nx\n",
        ] {
            fs::write(&path, broken).unwrap();
            let read = SnapshotFile::read(&path);
            assert!(
                matches!(read, Err(SnapshotError::Malformed { .. })),
                "{read:?}"
            );
        }
    }
}
