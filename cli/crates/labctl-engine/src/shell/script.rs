//! How a shell is given a block's code, so that its exported variables can be read afterwards.
//!
//! Bash reads a small file first (`BASH_ENV`) that sets an EXIT trap, so neither line numbers nor messages change. Other
//! shells get the trap in front of the code's first line. Where the code sets an EXIT trap itself, the variables are
//! also written after its last line and, in bash, by `exit`.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

/// Whether this is a shell that takes code by `-c` and can list its exported variables.
pub(super) fn is_shell(program: &OsStr) -> bool {
    !shell_options(program).is_empty()
}

/// The options a shell gets in front of the code: bash, zsh and ksh errexit and pipefail; sh errexit.
pub(super) fn shell_options(program: &OsStr) -> &'static [&'static str] {
    match name(program) {
        "bash" | "zsh" | "ksh" | "mksh" => &["-e", "-o", "pipefail"],
        "sh" | "dash" | "ash" => &["-e"],
        _ => &[],
    }
}

/// Whether the shell reads the file that `BASH_ENV` names.
pub(super) fn reads_bash_env(program: &OsStr) -> bool {
    name(program) == "bash"
}

/// The files through which blocks share one shell's state.
#[derive(Debug)]
pub(super) struct State {
    /// What the last one left, to be read; there may be none.
    pub(super) before: PathBuf,
    /// Where this one writes what it leaves.
    pub(super) after: PathBuf,
    /// Where this one writes its last working folder.
    pub(super) cwd: PathBuf,
}

/// Writes what a later shell needs to go on: options, functions, and variables but the shell's own.
const SAVE: &[u8] = br#"shopt -p; for __labctl_name in $(compgen -A function); do case $__labctl_name in exit|__labctl*) ;; *) declare -f "$__labctl_name";; esac; done; for __labctl_name in $(compgen -v); do case $__labctl_name in _|__labctl*|BASH*|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HISTCMD|LABCTL_BLOCK|LINENO|OLDPWD|OPT*|PIPESTATUS|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID) ;; *) declare -p "$__labctl_name";; esac; done; set +o"#;

/// The file that bash reads before the code; `inherited` is the `BASH_ENV` that the block would have had.
pub(super) fn bash_env(
    dump: &Path,
    state: Option<&State>,
    inherited: Option<&OsStr>,
    code: &str,
) -> Vec<u8> {
    let mut text = match inherited {
        Some(file) => [b"BASH_ENV=", &*quoted(file), b"\n. \"$BASH_ENV\" || :\n"].concat(),
        None => b"unset BASH_ENV\n".to_vec(),
    };
    let mut save = Vec::new();
    if let Some(state) = state {
        let [before, after, cwd] =
            [&state.before, &state.after, &state.cwd].map(|file| quoted(file.as_os_str()));
        text.extend_from_slice(&[b"[ ! -f ", &*before, b" ] || . ", &*before, b"\n"].concat());
        save = [
            b"{ ",
            SAVE,
            b"; } 2>/dev/null >|",
            &*after,
            b"; pwd >|",
            &*cwd,
            b"; ",
        ]
        .concat();
    }
    let file = quoted(dump.as_os_str());
    let write = [
        &*save,
        b"{ builtin export -p; builtin printf '\\0'; builtin export -pf; } 2>/dev/null >|",
        &*file,
    ]
    .concat();
    if sets_trap(code) {
        text.extend_from_slice(
            b"__labctl_keep() { builtin local __labctl_status=$?; [ $BASH_SUBSHELL != 0 ] || { ",
        );
        text.extend_from_slice(&write);
        text.extend_from_slice(
            b" || :; }; builtin return $__labctl_status; }\n\
            exit() { builtin local __labctl_status=$?; __labctl_keep || :; builtin exit \"${1-$__labctl_status}\"; }\n\
            trap __labctl_keep EXIT\n",
        );
    } else {
        let command = [b"{ set +x; } 2>/dev/null; ", &*write, b" || :"].concat();
        text.extend_from_slice(b"trap ");
        text.extend_from_slice(&quoted(OsStr::from_bytes(&command)));
        text.extend_from_slice(b" EXIT\n");
    }
    text
}

/// The code as bash gets it.
pub(super) fn bash_code(code: &str) -> String {
    if sets_trap(code) {
        format!("{code}\n__labctl_keep")
    } else {
        code.to_owned()
    }
}

/// The code as another shell gets it.
pub(super) fn other_code(dump: &Path, code: &str) -> OsString {
    let write = [b"export -p 2>/dev/null >|", &*quoted(dump.as_os_str())].concat();
    let mut text = b"trap ".to_vec();
    text.extend_from_slice(&quoted(OsStr::from_bytes(&write)));
    text.extend_from_slice(b" EXIT; ");
    text.extend_from_slice(code.as_bytes());
    if sets_trap(code) {
        text.extend_from_slice(b"\n{ labctl_status=$?; ");
        text.extend_from_slice(&write);
        text.extend_from_slice(b"; (exit $labctl_status); }");
    }
    OsString::from_vec(text)
}

fn sets_trap(code: &str) -> bool {
    code.contains("trap")
}

fn name(program: &OsStr) -> &str {
    Path::new(program)
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
}

/// A word that every shell reads as these bytes.
fn quoted(word: &OsStr) -> Vec<u8> {
    let mut out = vec![b'\''];
    for &byte in word.as_bytes() {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            other => out.push(other),
        }
    }
    out.push(b'\'');
    out
}
