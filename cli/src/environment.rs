//! What the caller's environment says, read in one place.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use labctl_engine::{SearchPath, Secrets};

/// What the caller's environment says.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The folder the command was typed in.
    pub(crate) folder: PathBuf,
    /// Where programs are looked for.
    pub(crate) search_path: SearchPath,
    /// Where locks and run records are kept.
    pub(crate) state_folder: PathBuf,
    /// Whether nobody is there to review anything (`CI` is set).
    pub(crate) is_ci: bool,
}

impl Environment {
    pub(crate) fn read() -> io::Result<Self> {
        Ok(Self {
            folder: env::current_dir()?,
            search_path: SearchPath::new(&env::var_os("PATH").unwrap_or_default()),
            state_folder: state_folder(env::var_os("XDG_STATE_HOME"), env::var_os("HOME")),
            is_ci: env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false"),
        })
    }
}

impl Environment {
    /// A lab's file in a folder of the state folder.
    pub(crate) fn file_of(&self, folder: &str, lab: &str) -> PathBuf {
        // A foreign runbook's name is a path.
        let name = format!("{}.json", lab.replace('/', "%2F"));
        self.state_folder.join(folder).join(name)
    }

    /// Writes a file of the state folder, whole or not at all: two may do so at once.
    pub(crate) fn keep(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        fs::create_dir_all(file.parent().unwrap_or(&self.state_folder))?;
        let new = file.with_extension(format!("{}.new", std::process::id()));
        fs::write(&new, content)?;
        fs::rename(&new, file)
    }
}

/// The secrets among the caller's variables and these.
pub(crate) fn secrets<'a>(more: impl Iterator<Item = (&'a String, &'a String)>) -> Secrets {
    let own = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Secrets::among(own.chain(more.map(|(name, value)| (name.clone(), value.clone()))))
}

/// The XDG base directory rules; without a home, a folder of the system's temporary ones.
fn state_folder(xdg: Option<OsString>, home: Option<OsString>) -> PathBuf {
    let absolute =
        |folder: OsString| Some(PathBuf::from(folder)).filter(|folder| folder.is_absolute());
    xdg.and_then(absolute)
        .or_else(|| Some(absolute(home?)?.join(".local/state")))
        .unwrap_or_else(env::temp_dir)
        .join(Path::new("labctl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_follows_xdg_then_home() {
        let check = |xdg: Option<&str>, home: Option<&str>, expected: &str| {
            assert_eq!(
                state_folder(xdg.map(Into::into), home.map(Into::into)),
                Path::new(expected)
            );
        };
        check(Some("/state"), Some("/h"), "/state/labctl");
        check(Some("relative"), Some("/h"), "/h/.local/state/labctl");
        check(None, Some("/h"), "/h/.local/state/labctl");
    }
}
