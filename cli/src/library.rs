//! The labs of this checkout: where they are, and what a person may call them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::error::CliError;

/// A runbook to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabPath {
    /// The lab's slug; for a foreign runbook, its path as typed.
    pub(crate) name: String,
    /// The Markdown file, as it is shown to a person: relative to the caller where it can be.
    pub(crate) runbook: PathBuf,
    /// Whether it is one of this checkout's labs.
    pub(crate) is_ours: bool,
}

/// The folder that holds `runbooks/`, `compose/` and `snapshots/`.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    root: Option<PathBuf>,
}

impl Library {
    /// The nearest folder at or above `start` that has a `runbooks` folder in it.
    pub(crate) fn find(start: &Path) -> Self {
        let mut up = PathBuf::new();
        for folder in start.ancestors() {
            if folder.join("runbooks").is_dir() {
                // Relative to the caller, so that messages stay short.
                return Self { root: Some(up) };
            }
            up.push("..");
        }
        Self { root: None }
    }

    /// The root, relative to the caller (empty where it is the caller's own folder).
    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Every lab, by slug.
    pub(crate) fn labs(&self) -> Result<Vec<LabPath>, CliError> {
        let Some(root) = &self.root else {
            return Ok(Vec::new());
        };
        let folder = root.join("runbooks");
        let read = |source| CliError::Read {
            path: folder.clone(),
            source,
        };
        let mut labs = Vec::new();
        for entry in fs::read_dir(&folder).map_err(read)? {
            let path = folder.join(entry.map_err(read)?.file_name());
            if path.extension().is_some_and(|extension| extension == "md")
                && let Some(slug) = path.file_stem().and_then(|stem| stem.to_str())
            {
                labs.push(LabPath {
                    name: slug.to_owned(),
                    runbook: path.clone(),
                    is_ours: true,
                });
            }
        }
        labs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(labs)
    }

    /// The lab or file a person means by `typed`: a slug, its number, its name without the number, or a path.
    pub(crate) fn resolve(&self, typed: &str) -> Result<LabPath, CliError> {
        let labs = self.labs()?;
        let matches: Vec<_> = labs
            .iter()
            .filter(|lab| answers_to(&lab.name, typed))
            .collect();
        match matches[..] {
            [lab] => return Ok(lab.clone()),
            [] => {}
            _ => {
                return Err(CliError::AmbiguousLab {
                    typed: typed.to_owned(),
                    candidates: matches.iter().map(|lab| lab.name.clone()).collect(),
                });
            }
        }
        let path = Path::new(typed);
        if path.is_file() {
            let same =
                |lab: &&LabPath| fs::canonicalize(&lab.runbook).ok() == fs::canonicalize(path).ok();
            return Ok(labs.iter().find(same).cloned().unwrap_or_else(|| LabPath {
                name: typed.to_owned(),
                runbook: path.to_owned(),
                is_ours: false,
            }));
        }
        if path.is_dir() {
            return Err(CliError::Usage(format!(
                "{typed} is a folder: name a lab or a Markdown file"
            )));
        }
        let with_ending = format!("{typed}.md");
        if Path::new(&with_ending).is_file() {
            return Err(CliError::Usage(format!(
                "no lab named `{typed}`; did you mean the file `{with_ending}`?"
            )));
        }
        Err(CliError::UnknownLab {
            typed: typed.to_owned(),
            is_path: typed.contains('/') || path.extension().is_some(),
            labs: labs.into_iter().map(|lab| lab.name).collect(),
        })
    }

    /// The labs and files typed; every lab of this checkout if none was.
    pub(crate) fn resolve_all(&self, typed: &[String]) -> Result<Vec<LabPath>, CliError> {
        if typed.is_empty() {
            let labs = self.labs()?;
            return if labs.is_empty() {
                Err(CliError::NoLabs)
            } else {
                Ok(labs)
            };
        }
        let mut chosen: Vec<LabPath> = Vec::new();
        for one in typed {
            let lab = self.resolve(one)?;
            if !chosen.contains(&lab) {
                chosen.push(lab);
            }
        }
        Ok(chosen)
    }

    /// Where a lab's accepted snapshots are.
    pub(crate) fn snapshots(&self, lab: &LabPath) -> PathBuf {
        if let (Some(root), true) = (&self.root, lab.is_ours) {
            return root.join("snapshots").join(&lab.name);
        }
        let stem = lab
            .runbook
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        lab.runbook.with_file_name(format!("{stem}.snapshots"))
    }
}

/// Whether a lab of this slug may be called so: `08-cache-aside` answers to itself, `08` and `cache-aside`.
fn answers_to(slug: &str, typed: &str) -> bool {
    slug == typed
        || slug
            .split_once('-')
            .is_some_and(|(number, name)| typed == number || typed == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(slugs: &[&str]) -> (tempfile::TempDir, Library) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("runbooks")).unwrap();
        for slug in slugs {
            fs::write(folder.path().join(format!("runbooks/{slug}.md")), "").unwrap();
        }
        let library = Library {
            root: Some(folder.path().to_owned()),
        };
        (folder, library)
    }

    #[test]
    fn a_lab_answers_to_its_slug_number_and_name() {
        let (_folder, library) = library(&["08-cache-aside", "25-write-ahead-log"]);
        for typed in ["08", "cache-aside", "08-cache-aside"] {
            assert_eq!(
                library.resolve(typed).unwrap().name,
                "08-cache-aside",
                "{typed}"
            );
        }
        for typed in ["8", "cache", "08-", "-cache-aside", ""] {
            assert!(library.resolve(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn a_name_two_labs_answer_to_is_refused_with_both() {
        let (_folder, library) = library(&["08-cache", "08-queue"]);
        let Err(CliError::AmbiguousLab { candidates, .. }) = library.resolve("08") else {
            panic!()
        };
        assert_eq!(candidates, ["08-cache", "08-queue"]);
    }

    #[test]
    fn the_path_of_one_of_our_runbooks_is_that_lab() {
        let (folder, library) = library(&["08-cache-aside"]);
        let path = folder.path().join("runbooks/08-cache-aside.md");
        assert!(library.resolve(path.to_str().unwrap()).unwrap().is_ours);
    }

    #[test]
    fn snapshots_of_a_foreign_runbook_stand_beside_it() {
        let (_folder, library) = library(&[]);
        let lab = LabPath {
            name: "a/README.md".into(),
            runbook: "a/README.md".into(),
            is_ours: false,
        };
        assert_eq!(library.snapshots(&lab), Path::new("a/README.snapshots"));
    }
}
